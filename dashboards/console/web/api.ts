import type { ConsoleSettings, Dashboard, DecisionAnswer, FindingAnswer, Frame, QueryRequest, WorldMap } from '../model.js';
import type { Deciding } from './decision-action.js';

/** What went wrong, as a sentence for the person at the screen. */
export class ApiError extends Error {}

async function call<T>(path: string, body?: object, signal?: AbortSignal, headers: Record<string, string> = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      credentials: 'same-origin',
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('Cordon does not answer. See that its process still runs, then retry.');
  }
  const answer = (await response.json().catch(() => ({}))) as T & { error?: string };
  if (!response.ok) throw new ApiError(answer.error ?? `Cordon answered with status ${response.status}.`);
  return answer;
}

export const getSettings = (): Promise<ConsoleSettings> => call('/api/settings');
export const getDashboard = (uid: string): Promise<Dashboard> => call(`/api/dashboards/${encodeURIComponent(uid)}`);
export const runQuery = (request: QueryRequest, signal: AbortSignal): Promise<Frame> => call('/api/query', request, signal);
export const getWorldMap = (): Promise<WorldMap> => call('/world-map.json');
export const getFinding = (id: string): Promise<FindingAnswer> => call(`/api/findings/${encodeURIComponent(id)}`);

/** Sends a decision with the proof that our own page asks. */
export const decide = (id: string, deciding: Deciding, decision: object, proof: string): Promise<DecisionAnswer> =>
  call(`/api/findings/${encodeURIComponent(id)}/${deciding}`, decision, undefined, { 'X-Cordon-Decision': proof });
