import type { Action } from '../model.js';

/** What our dashboards' actions do to a finding. */
export const DECIDING = ['acknowledge', 'close', 'reopen'] as const;
export type Deciding = (typeof DECIDING)[number];

/** The one form of action that our dashboards use: a POST through Grafana's data source proxy to the console's API, named by the id in a column. */
const ADDRESS =
  /^\/api\/datasources\/proxy\/uid\/\$\{datasource\}\/api\/findings\/\$\{__data\.fields\["([^"]+)"\]:percentencode\}\/([a-z]+)$/;

/** Parameters that a decision cannot do without. The dialog of the console asks for more than Grafana's can. */
const NEEDED: Readonly<Record<Deciding, readonly string[]>> = {
  acknowledge: ['reason'],
  close: ['as', 'reason', 'days'],
  reopen: ['reason'],
};

export interface DecisionAction {
  readonly deciding: Deciding;
  readonly title: string;
  /** Column with the id of the finding. */
  readonly column: string;
}

/** Reads an action. Throws, naming what the console cannot do. */
export function parseDecisionAction({ type, title, fetch, variables = [] }: Action): DecisionAction {
  const fail = (what: string): never => {
    throw new Error(`the action '${title}' ${what}, which the console does not know`);
  };
  if (type !== 'fetch' || fetch === undefined) return fail(`is of the type ${type}`);
  if (fetch.method !== 'POST') return fail(`sends ${fetch.method}`);
  if (fetch.body !== undefined) return fail('has a body, in which Grafana escapes nothing');
  const [, column, verb] = ADDRESS.exec(fetch.url) ?? [];
  const deciding = DECIDING.find((one) => one === verb);
  if (column === undefined || deciding === undefined) return fail(`posts to ${fetch.url}`);
  const headers = (fetch.headers ?? []).map(([name, value]) => `${name}: ${value}`);
  if (headers.join() !== 'Content-Type: application/json') return fail(`sends the headers ${headers.join(', ') || '(none)'}`);
  const asked = variables.map(({ key }) => key);
  const sent = (fetch.queryParams ?? []).map(([name, value]) => (value === `$${name}` ? name : `${name}=${value}`));
  if (sent.join() !== NEEDED[deciding].join()) return fail(`sends the parameters ${sent.join(', ') || '(none)'}`);
  if (asked.join() !== sent.join()) return fail(`asks for ${asked.join(', ') || 'nothing'}`);
  return { deciding, title, column };
}

/** What can be done with a finding in this state, of what the actions offer. */
export function fitting(actions: readonly DecisionAction[], state: string): readonly DecisionAction[] {
  const fits: Readonly<Record<string, readonly Deciding[]>> = {
    open: ['acknowledge', 'close'],
    acknowledged: ['close', 'reopen'],
    closed: ['reopen'],
  };
  const known = fits[state];
  return known === undefined ? actions : actions.filter(({ deciding }) => known.includes(deciding));
}
