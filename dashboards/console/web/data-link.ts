import type { Selection } from '../model.js';

/** A row's value as a link may name it, by column. */
export type LinkValues = (column: string) => string;

export interface LinkContext {
  readonly from: string;
  readonly to: string;
  /** How often the page is refreshed; '' for never. */
  readonly refresh: string;
  /** What is chosen on the screen that the link is on; what is All is left out. */
  readonly variables: Selection;
  /** The value that is clicked on. */
  readonly value: string;
  /** Other values of its row. */
  readonly field: LinkValues;
}

/** The one form of link that our dashboards use: `/d/<uid>/<slug>?…`, parameters `var-<name>=<reference>`, variables kept as they are, and the time range. */
const LINK = /^\/d\/([\w-]+)\/[\w-]+\?(.+)$/;
const TIME_RANGE = `\${__url_time_range}`;
const VALUE = `\${__value.raw:percentencode}`;
const FIELD = /^\$\{__data\.fields\["([^"]+)"\]:percentencode\}$/;
const KEPT = /^\$\{(\w+):queryparam\}$/;
const PARAMETER = /^(var-\w+)=(.+)$/;
const CONSTANT = /^[\w.-]+$/;

export interface ParsedLink {
  readonly uid: string;
  /** Variables of the target that the link sets: a constant, or the column that the value comes from; '' is the value clicked on. */
  readonly variables: readonly { readonly name: string; readonly column?: string; readonly constant?: string }[];
  /** Variables that keep on the target what is chosen here. */
  readonly kept: readonly string[];
}

/** Reads a link. Throws, naming what it cannot follow. */
export function parseDataLink(url: string): ParsedLink {
  const [, uid, query] = LINK.exec(url) ?? [];
  if (uid === undefined || query === undefined) throw new Error(`the link ${url} leads to no dashboard (/d/<uid>/<slug>?…)`);
  const variables: { name: string; column?: string; constant?: string }[] = [];
  const kept: string[] = [];
  for (const part of query.split('&')) {
    if (part === TIME_RANGE) continue;
    const keeps = KEPT.exec(part)?.[1];
    if (keeps !== undefined) {
      kept.push(keeps);
      continue;
    }
    const [, name, reference] = PARAMETER.exec(part) ?? [];
    const column = reference === VALUE ? '' : FIELD.exec(reference ?? '')?.[1];
    const constant = column === undefined && CONSTANT.test(reference ?? '') ? reference : undefined;
    if (name === undefined || (column === undefined && constant === undefined))
      throw new Error(`the link ${url} has the parameter ${part}, which the console does not know`);
    variables.push({
      name: name.slice('var-'.length),
      ...(column === undefined ? {} : { column }),
      ...(constant === undefined ? {} : { constant }),
    });
  }
  return { uid, variables, kept };
}

/** The address of the console that the link stands for: the same time range and refresh, the variables that it keeps, and the values that it names. */
export function linkAddress({ uid, variables, kept }: ParsedLink, context: LinkContext): string {
  const { from, to, refresh, value, field } = context;
  const query = new URLSearchParams({ d: uid, from, to, refresh });
  for (const name of kept) for (const chosen of context.variables[name] ?? []) query.append(`var-${name}`, chosen);
  for (const { name, column, constant } of variables)
    query.append(`var-${name}`, constant ?? (column === undefined || column === '' ? value : field(column)));
  return `?${query.toString()}`;
}
