import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { DecisionError, type DecisionErrorCode } from '../../../detector/decisions/request.js';
import { scopeText } from '../../../detector/decisions/scope.js';
import type { Standing } from '../../../detector/decisions/standing.js';
import { originIsOurs, type Role } from '../http-policy.js';
import type { DecisionSettings, FindingStanding } from '../model.js';
import { readBody } from '../query-request.js';
import type { DecisionDesk } from './decision-desk.js';
import { DECIDING, type Deciding, MAX_AUTHOR, MAX_DECISION_BYTES, parseDecision } from './decision-request.js';

/** Header with which our page shows that it asked itself: another site can neither read the value nor set the header without being asked. */
export const DECISION_HEADER = 'x-cordon-decision';

export interface Reply {
  readonly status: number;
  readonly body: object;
}

export interface DecisionRoutes {
  /** What the page is told: may this role decide, and the value of DECISION_HEADER. */
  settings(role: Role): DecisionSettings;
  /** Answers what is asked of findings; undefined where the path is none of these. Rejects with RequestError and BodyTooLarge. */
  answer(request: IncomingMessage, url: URL, role: Role): Promise<Reply | undefined>;
}

export interface DecisionRouteOptions {
  readonly desk: DecisionDesk | undefined;
  readonly now: () => number;
  /** Takes its turn among the questions to the store. */
  readonly gate: <T>(task: () => Promise<T>) => Promise<T>;
}

const NO_DESK = 'this console only shows; decide with the command cordon findings';
const READER = 'this token may look and not decide; ask whoever keeps the token of those who decide';
const STATUS: Readonly<Record<DecisionErrorCode, number>> = { unknown: 404, ambiguous: 409, refused: 400 };

/**
 * `GET /api/findings/<id>` tells how a finding stands; `POST /api/findings/<id>/acknowledge`, `/close` and `/reopen` decide. `<id>` may be the beginning of an
 * id. What is decided goes through the findings desk, so that it stands in the trail like a decision of the command line.
 */
export function createDecisionRoutes({ desk, now, gate }: DecisionRouteOptions): DecisionRoutes {
  const proof = randomBytes(24).toString('base64url');

  const show = async (at: DecisionDesk, id: string): Promise<Reply> => {
    const { finding, standing, decisions } = await at.show(id);
    const { sentence, severity, asset, fleet, claim, detection, peerAddress, peerName, protocol, port } = finding;
    const about = { sentence, severity, asset, fleet, claim, detection, peerAddress, peerName, protocol, port };
    return { status: 200, body: { id: finding.id, ...about, standing: standingOf(standing), decisions } };
  };

  const decide = async (at: DecisionDesk, id: string, deciding: Deciding, request: IncomingMessage, url: URL): Promise<Reply> => {
    const body = await readBody(request, MAX_DECISION_BYTES);
    const asked = parseDecision(deciding, body, url.searchParams, userOfProxy(request), now());
    return gate(async () => {
      // The whole id: what two findings share the beginning of is refused before anything is decided.
      const { finding } = await at.show(id);
      const { decision, draft } = await at.decide({ ...asked, target: finding.id });
      const { standing } = await at.show(finding.id);
      return { status: 200, body: { id: finding.id, decision, standing: standingOf(standing), ...(draft === undefined ? {} : { draft }) } };
    });
  };

  return {
    settings(role) {
      if (desk === undefined) return { allowed: false, why: NO_DESK };
      return role === 'decide' ? { allowed: true, proof } : { allowed: false, why: READER };
    },
    async answer(request, url, role) {
      const [, encoded, deciding] = /^\/api\/findings\/([^/]{1,600})(?:\/([a-z]{1,20}))?$/.exec(url.pathname) ?? [];
      if (encoded === undefined) return undefined;
      if (desk === undefined) return { status: 404, body: { error: NO_DESK } };
      const known = DECIDING.find((one) => one === deciding);
      if (deciding !== undefined && known === undefined)
        return { status: 404, body: { error: `findings are decided with ${DECIDING.join(', ')}` } };
      const wanted = known === undefined ? 'GET' : 'POST';
      if (request.method !== wanted) return { status: 405, body: { error: `only ${wanted}` } };
      if (known !== undefined) {
        const refusal = refusalOf(request, role, proof);
        if (refusal !== undefined) return refusal;
      }
      const id = idOf(encoded);
      if (id === undefined)
        return { status: 404, body: { error: 'there is no such finding; its id is up to 64 of the digits 0-9 and a-f' } };
      try {
        return known === undefined ? await gate(() => show(desk, id)) : await decide(desk, id, known, request, url);
      } catch (error) {
        if (!(error instanceof DecisionError)) throw error;
        return { status: STATUS[error.code], body: { error: error.message } };
      }
    },
  };
}

/** Why this request may not decide; undefined where it may. */
function refusalOf(request: IncomingMessage, role: Role, proof: string): Reply | undefined {
  const refused = (status: number, error: string): Reply => ({ status, body: { error } });
  if (role !== 'decide') return refused(403, READER);
  if (!originIsOurs(request)) return refused(403, 'decisions are taken from the console itself only');
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return refused(415, 'the request must be JSON');
  if (!isOurs(request, proof))
    return refused(403, 'the page is older than the console, or another site asks; reload it, then decide again');
  return undefined;
}

/**
 * Our page by its header, a program by the token that it sends itself, Grafana's action by its header. None of them goes along by itself as a cookie does,
 * and no answer of ours allows another site to send them.
 */
function isOurs(request: IncomingMessage, proof: string): boolean {
  const given = request.headers[DECISION_HEADER];
  if (typeof given === 'string') {
    const [a, b] = [Buffer.from(given), Buffer.from(proof)];
    return a.length === b.length && timingSafeEqual(a, b);
  }
  return /^Bearer /.test(request.headers.authorization ?? '') || request.headers['x-grafana-action'] === '1';
}

/** The user that Grafana's data source proxy names (`[dataproxy] send_user_header`), for requests that name no author. */
function userOfProxy(request: IncomingMessage): string | undefined {
  const name = request.headers['x-grafana-user'];
  return typeof name === 'string' && name !== '' && name.length <= MAX_AUTHOR ? name : undefined;
}

function idOf(encoded: string): string | undefined {
  try {
    const id = decodeURIComponent(encoded);
    return /^[0-9a-f]{1,64}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

function standingOf({ state, word, muted, why, decision }: Standing): FindingStanding {
  if (decision === undefined) return { state, word, muted, why };
  const { author, reason, atMs, untilMs } = decision;
  const scope = decision.verb === 'noise' || decision.verb === 'expected' ? scopeText(decision) : '';
  return { state, word, muted, why, by: { author, reason, atMs, untilMs, scope } };
}
