/** A row's value as a link may name it, by column. */
export type LinkValues = (column: string) => string;

export interface LinkContext {
  readonly from: string;
  readonly to: string;
  /** The value that is clicked on. */
  readonly value: string;
  /** Other values of its row. */
  readonly field: LinkValues;
}

/** The one form of link that our dashboards use: `/d/<uid>/<slug>?…`, parameters `var-<name>=<reference>` and the time range. */
const LINK = /^\/d\/([\w-]+)\/[\w-]+\?(.+)$/;
const TIME_RANGE = `\${__url_time_range}`;
const VALUE = `\${__value.raw:percentencode}`;
const FIELD = /^\$\{__data\.fields\["([^"]+)"\]:percentencode\}$/;
const PARAMETER = /^(var-\w+)=(.+)$/;

export interface ParsedLink {
  readonly uid: string;
  /** Variables of the target that the link sets, with the column that each value comes from; '' is the value clicked on. */
  readonly variables: readonly { readonly name: string; readonly column: string }[];
}

/** Reads a link. Throws, naming what it cannot follow. */
export function parseDataLink(url: string): ParsedLink {
  const [, uid, query] = LINK.exec(url) ?? [];
  if (uid === undefined || query === undefined) throw new Error(`the link ${url} leads to no dashboard (/d/<uid>/<slug>?…)`);
  const variables: { name: string; column: string }[] = [];
  for (const part of query.split('&')) {
    if (part === TIME_RANGE) continue;
    const [, name, reference] = PARAMETER.exec(part) ?? [];
    const column = reference === VALUE ? '' : FIELD.exec(reference ?? '')?.[1];
    if (name === undefined || column === undefined)
      throw new Error(`the link ${url} has the parameter ${part}, which the console does not know`);
    variables.push({ name: name.slice('var-'.length), column });
  }
  return { uid, variables };
}

/** The address of the console that the link stands for: the same time range, and the values that it names. */
export function linkAddress({ uid, variables }: ParsedLink, { from, to, value, field }: LinkContext): string {
  const query = new URLSearchParams({ d: uid, from, to });
  for (const { name, column } of variables) query.append(`var-${name}`, column === '' ? value : field(column));
  return `?${query.toString()}`;
}
