import { expandConditionalAll } from './conditional-all.js';
import type { Selection } from './model.js';

export const ALL = '$__all';

/** `${name}`, `${name:format}`; the plain `$name` only appears inside $__conditionalAll, which is gone by now. */
const REFERENCE = /\$\{([^}:]*)(?::([^}]*))?\}/g;

/** The values chosen for a variable; none chosen counts as All. */
function chosen(selection: Selection, name: string): readonly string[] {
  const values = selection[name] ?? [];
  return values.length === 0 || values.includes(ALL) || (values.length === 1 && values[0] === '') ? [ALL] : values;
}

/**
 * A value as a ClickHouse string literal. Grafana's `singlequote` escapes the quote only, and a name that ends in a backslash would end the literal
 * there; here the backslash is escaped too. For values without one the text is the same.
 */
export function singleQuoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/**
 * Puts the chosen values into a query, in the plugin's order: $__conditionalAll first, then the variables.
 * Throws for an unknown variable, a format that the console does not know, and All outside $__conditionalAll.
 */
export function interpolateVariables(sql: string, selection: Selection, known: ReadonlySet<string>): string {
  const conditioned = expandConditionalAll(sql, (name) => {
    if (!known.has(name)) throw new Error(`the query uses the variable $${name}, which the dashboard does not have`);
    return chosen(selection, name)[0] === ALL;
  });
  return conditioned.replaceAll(REFERENCE, (reference: string, name: string, format: string | undefined) => {
    if (!known.has(name)) throw new Error(`the query uses the variable ${reference}, which the dashboard does not have`);
    if (format !== 'singlequote') throw new Error(`${reference}: values go into SQL as \${${name}:singlequote} only`);
    const values = chosen(selection, name);
    if (values[0] === ALL) throw new Error(`${reference} stands outside $__conditionalAll, so All has no text`);
    return values.map(singleQuoted).join(',');
  });
}
