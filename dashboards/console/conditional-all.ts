const MACRO = '$__conditionalAll(';

/**
 * `$__conditionalAll(condition, $variable)`: the condition, or `1=1` while All (or nothing) is chosen. Done first and in text, as the plugin's front end
 * does: the last occurrence first, arguments split at commas outside brackets, quotes not looked at.
 * `isAll` tells whether the named variable stands on All.
 */
export function expandConditionalAll(sql: string, isAll: (variable: string) => boolean): string {
  let text = sql;
  for (let at = text.lastIndexOf(MACRO); at >= 0; at = text.lastIndexOf(MACRO)) {
    const { args, end } = splitArguments(text, at + MACRO.length);
    const variable = /^\s*\$(?:\{(\w+)\}|(\w+))\s*$/.exec(args[1] ?? '');
    const name = variable?.[1] ?? variable?.[2];
    if (args.length !== 2 || name === undefined) {
      throw new Error('$__conditionalAll takes a condition and a plain variable, as in $__conditionalAll(asset IN (…), $asset)');
    }
    text = text.slice(0, at) + (isAll(name) ? '1=1' : args[0]) + text.slice(end);
  }
  return text;
}

/** Arguments of a call whose opening bracket lies just before `start`; `end` is behind its closing bracket. */
function splitArguments(text: string, start: number): { args: string[]; end: number } {
  const args: string[] = [];
  let depth = 1;
  let from = start;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '(') depth++;
    else if (character === ')') depth--;
    if (depth === 0) return { args: [...args, text.slice(from, at)], end: at + 1 };
    if (character === ',' && depth === 1) {
      args.push(text.slice(from, at));
      from = at + 1;
    }
  }
  throw new Error('a bracket of $__conditionalAll( is never closed');
}
