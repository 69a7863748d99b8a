/**
 * Text from telemetry, names and claim files made safe to show: control characters (C0, C1), line and bidirectional controls become visible escapes, so that a
 * name can neither clear a screen nor reorder what stands beside it. Halves of surrogate pairs become U+FFFD.
 */
export function visibleText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`)
    .replace(/\p{Cs}/gu, '\ufffd');
}

/** At most `most` characters (code points), and how many more there were: a name of 10 kB must not push everything else off the page. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most).join('')}… (${characters.length - most} more characters)`;
}
