/** Characters that change how others are shown: control characters, marks and overrides of writing direction, zero widths. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text from outside with such characters shown as escapes, so that a name cannot pass for another. */
export function visible(text: string): string {
  return text.replaceAll(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** At most `most` characters, the end marked. */
export function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Text that ECharts cannot take for its rich-text markup `{style|text}`: a word joiner parts brace and name; on one line. */
export function plainForChart(text: string): string {
  return visible(text).replaceAll(/\s+/g, ' ').replaceAll('{', '{\u2060');
}
