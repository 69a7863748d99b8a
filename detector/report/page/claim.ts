import { formatDuration } from '../../../flow/time.js';
import { countText, shareText } from '../../coverage/words.js';
import { formatOctets } from '../../findings/quantity.js';
import type { ClaimFigures, CountedFigures, DeclaredClaim, FindingList, ReportFigures } from '../figures.js';
import { stateBars, strips } from './charts.js';
import { worstOf } from './cover.js';
import { findingList } from './findings.js';
import { type Html, html, join, NOTHING, name } from './html.js';
import { table } from './table.js';
import { counted, instant, stretchText, verdictWord } from './words.js';

/** The pages of one claim: what is claimed, what stands, what was not seen, what broke it. */
export function claimPages(claim: ClaimFigures, index: number, { period }: ReportFigures): Html {
  const { violations, seen } = claim;
  const rows = [
    { name: 'verdict', bars: stateBars(claim.states) },
    ...(seen.blind === null ? [] : [{ name: 'not seen', bars: seen.blind.map((one) => ({ ...one, as: 'blind' })) }]),
    { name: 'findings', bars: [], marks: violations.listed.map(({ firstSeenMs }) => firstSeenMs) },
  ];
  return html`<section class="page" id="claim-${index + 1}"><h2>${index + 1} ${name(claim.claim)}</h2>
<p class="claimed">${name(claim.text)}</p>
<p>${verdictWord(worstOf(claim))} · about ${name(claim.fleet)} · severity ${name(claim.severity)}</p>
${strips({ ...period, timezone: claim.timezone }, rows, `Verdicts, blind stretches and findings of ${claim.claim} over time`)}
${claim.declared === null ? NOTHING : declaredText(claim.declared)}
${unseen(claim)}
${verdicts(claim)}
${
  claim.amendments.length === 0
    ? NOTHING
    : html`<h3>Amendments</h3>${table(
        [{ title: 'Period', width: 20 }, { title: 'Computed', width: 20 }, { title: 'Verdict', width: 16 }, { title: 'Why' }],
        claim.amendments.map((one) => [instant(one.fromMs), instant(one.computedMs), verdictWord(one.verdict), name(one.sentence)]),
      )}`
}
${exceptions(claim)}
${counts('Drills', 'Registered flows that are shaped like a violation, sent on purpose and seen.', 'Drill', claim.drills)}
${counts('Doubts', 'Traffic of which nobody can say whether the claim speaks of it.', 'Why', claim.undecided)}
<h3>Violations</h3>
${violations.total === 0 ? html`<p>None was found.</p>` : countedFindings(violations)}</section>`;
}

/** Findings that break a claim of which the period has no verdict yet; nothing where there are none. */
export function unjudgedPages({ unjudged }: ReportFigures): Html {
  if (unjudged.total === 0) return NOTHING;
  return html`<section class="page" id="unjudged"><h2>Broken claims without a verdict</h2>
<p>${verdictWord('VIOLATED')} These findings break claims of which no verdict is stored for this period: it is not over, or <code>cordon store</code>, which computes verdicts, is behind. Each breaks its
claim whatever the verdict will say of coverage.</p>
${table(
  [{ title: 'Claim' }, { title: 'Fleet' }, { title: 'Findings', as: 'number', width: 13 }],
  unjudged.claims.map(({ claim, fleet, findings }) => [name(claim), name(fleet), findings]),
)}
${countedFindings(unjudged)}</section>`;
}

function countedFindings({ total, bySeverity, listed }: FindingList): Html {
  const severities = Object.entries(bySeverity).map(([severity, count]) => `${count} ${severity}`);
  return html`<p>${counted(total, 'finding')}: ${severities.join(', ')}.${listed.length < total ? ` The ${listed.length} gravest, then earliest, are shown.` : ''}</p>${findingList(listed)}`;
}

function declaredText({ kind, rules, source, supports, sensors, mode, demands, assets, exceptions }: DeclaredClaim): Html {
  const demanded: readonly (readonly [string, string | undefined])[] = [
    ['time observed', map(demands.time, (value) => `at least ${shareText(value)}`)],
    ['blind on end', map(demands.maxGapMs, (value) => `at most ${formatDuration(value)}`)],
    ['lost', map(demands.maxLost, (value) => `at most ${shareText(value)}`)],
    [
      'visible',
      map(
        demands.detectOctets,
        (value) => `a transfer of ${formatOctets(value)}${map(demands.detectConfidence, (sure) => ` with ${shareText(sure)}`) ?? ''}`,
      ),
    ],
    ['drill', map(demands.canaryMs, (value) => `at least every ${formatDuration(value)}`)],
    ['clock', map(demands.maxSkewMs, (value) => `at most ${formatDuration(value)} off`)],
    ['interface counters', map(demands.reconcile, (value) => `reconciled to ${shareText(value)}`)],
  ];
  const told = demanded.flatMap(([what, value]) => (value === undefined ? [] : [`${what} ${value}`]));
  return html`<dl><dt>Kind</dt><dd>${kind}${rules.length === 0 ? NOTHING : html`: ${join(rules.slice(0, 40).map(name), '; ')}${rules.length > 40 ? ` and ${rules.length - 40} more` : ''}`}</dd>
<dt>Equipment</dt><dd>${counted(assets, 'asset')}</dd>
<dt>Sensors</dt><dd>${join(sensors.map(name), mode === 'all' ? ' and ' : ' or ')}</dd>
<dt>Demanded</dt><dd>${told.length === 0 ? 'nothing beyond the defaults' : told.join('; ')}</dd>
${exceptions.length === 0 ? NOTHING : html`<dt>Exceptions</dt><dd>${counted(exceptions.length, 'exception')} declared</dd>`}
${source === null ? NOTHING : html`<dt>Said by</dt><dd>${name(source.who)}: “${name(source.quote)}” <small>${name(source.ref)}</small></dd>`}
${supports.length === 0 ? NOTHING : html`<dt>Supports</dt><dd>${join(supports.map(name), '; ')}</dd>`}</dl>`;
}

function map<T>(value: number | null, to: (value: number) => T): T | undefined {
  return value === null ? undefined : to(value);
}

/** What was not seen comes before what was: that is what an auditor must weigh. */
function unseen({ seen, residual, declared }: ClaimFigures): Html {
  const lost = seen.recordsSent === 0 ? 0 : seen.recordsLost / seen.recordsSent;
  const hideable =
    seen.hideableOctets === null
      ? 'no size of transfer was certain to be seen in every period'
      : seen.hideableOctets === 0
        ? 'nothing was sampled: a single packet would have been seen'
        : `a transfer below ${formatOctets(seen.hideableOctets)} could have been overlooked`;
  const blind = seen.blind ?? [];
  return html`<div class="unseen"><h3>What was not seen</h3><ul>
<li>${partText(seen.assetMinutes * (1 - seen.observedShare))} of ${countText(seen.assetMinutes)} asset-minutes (${shareText(seen.observedShare)} were observed); longest on end ${formatDuration(seen.longestBlindMs)}.
<small>An asset-minute is one asset for one minute of the period. What was not seen is counted to the second, as in the verdicts below.</small></li>
<li>${countText(seen.recordsLost)} of ${countText(seen.recordsSent)} records (of captures: packets) lost on their way (${shareText(lost)}), ${countText(seen.recordsUnread)} arrived and could not be read</li>
<li>${hideable}</li>
${seen.blind === null ? html`<li>when it was blind is not told: the claim file is not at hand</li>` : NOTHING}
${residual.map((channel) => html`<li>not visible to these sensors: ${name(channel)}</li>`)}
</ul>${declared !== null && residual.length === 0 ? html`<p><small>The claim names no channel that its sensors cannot see.</small></p>` : NOTHING}</div>
${
  blind.length === 0
    ? NOTHING
    : html`<h3>Blind stretches</h3><p>${counted(seen.blindCount, 'stretch').replace(/stretchs$/, 'stretches')}, ${formatDuration(seen.blindMs)} together.${blind.length < seen.blindCount ? ` The ${blind.length} longest are shown.` : ''}</p>${table(
        [{ title: 'From' }, { title: 'To' }, { title: 'Length', as: 'number' }],
        blind.map(({ fromMs, toMs }) => [instant(fromMs), instant(toMs), formatDuration(toMs - fromMs)]),
      )}`
}`;
}

/** Minutes not seen: whole from a hundred on, below that with two decimals, and always rounded up, so that what is not nought never reads as nought. */
function partText(minutes: number): string {
  const scale = minutes >= 100 ? 1 : 100;
  // 1e-6: what binary fractions add to a whole number is no part of a minute.
  const up = Math.ceil(minutes * scale - 1e-6) / scale;
  return scale === 1 || Number.isInteger(up) ? countText(up) : String(up);
}

const ANEW = { same: 'same', different: 'different', 'not computed': '–' } as const;

function verdicts(claim: ClaimFigures): Html {
  const left =
    claim.verdictsLeftOut === 0
      ? NOTHING
      : html`<p>${counted(claim.verdictsLeftOut, 'period')} more are left out; those that are not VERIFIED come first.</p>`;
  const outside =
    claim.notInForce === 0
      ? NOTHING
      : html`<p>In ${counted(claim.notInForce, 'period')} the claim was not in force: nothing is said of them.</p>`;
  return html`<h3>Verdicts</h3>${left}${outside}${table(
    [
      { title: 'Period', width: 13 },
      { title: 'Verdict', width: 16 },
      { title: 'Observed', as: 'number', width: 11 },
      { title: 'Longest blind', as: 'number', width: 9 },
      { title: 'Records judged', as: 'number', width: 9 },
      { title: 'Computed anew', width: 11 },
      { title: 'Why' },
    ],
    claim.verdicts.map(({ fromMs, toMs, verdict, numbers, anew, sentence }) => [
      stretchText(fromMs, toMs, claim.timezone),
      verdictWord(verdict),
      numbers.observedShare === undefined ? '–' : shareText(numbers.observedShare),
      numbers.longestBlindMs === undefined ? '–' : formatDuration(numbers.longestBlindMs),
      numbers.recordsJudged === undefined ? '–' : countText(numbers.recordsJudged),
      ANEW[anew],
      name(whyOf(sentence, claim.claim)),
    ]),
  )}`;
}

/** The verdict's own line without its head, which the row tells already, and without the channels that stand above. */
function whyOf(sentence: string, claim: string): string {
  const head = /^\S.*? (VIOLATED|VERIFIED|NOT_PROVEN): /.exec(sentence);
  const body = head !== null && sentence.startsWith(`${claim} `) ? sentence.slice(head[0].length) : sentence;
  return body.replace(/ Not visible to these sensors: .*$/s, '');
}

function exceptions({ exceptions: used, declared }: ClaimFigures): Html {
  const listed = declared?.exceptions ?? [];
  if (used.length === 0 && listed.length === 0) return NOTHING;
  const uses = new Map(used.map((use) => [use.about, use]));
  const names = [...new Set([...listed.map(({ id }) => id), ...uses.keys()])];
  return html`<h3>Exceptions</h3>${table(
    [
      { title: 'Exception' },
      { title: 'What it allows' },
      { title: 'Valid', width: 24 },
      { title: 'Flows', as: 'number', width: 11 },
      { title: 'Octets', as: 'number', width: 13 },
    ],
    names.map((id) => {
      const one = listed.find((exception) => exception.id === id);
      const use = uses.get(id);
      return [
        one === undefined ? name(id) : html`${name(id)}<br><small>${name(one.ticket)}</small>`,
        one === undefined ? '' : html`${name(one.rule)}<br><small>${name(one.reason)}</small>`,
        one === undefined ? '' : html`${instant(one.fromMs)}<br>${instant(one.expiresMs)}`,
        countText(use?.flows ?? 0),
        formatOctets(use?.octets ?? 0),
      ];
    }),
  )}`;
}

function counts(title: string, meaning: string, what: string, list: readonly CountedFigures[]): Html {
  if (list.length === 0) return NOTHING;
  return html`<h3>${title}</h3><p>${meaning}</p>${table(
    [
      { title: what },
      { title: 'Flows', as: 'number', width: 11 },
      { title: 'Octets', as: 'number', width: 13 },
      { title: 'First', width: 24 },
      { title: 'Last', width: 24 },
    ],
    list.map(({ about, flows, octets, firstMs, lastMs }) => [
      name(about),
      countText(flows),
      formatOctets(octets),
      instant(firstMs),
      instant(lastMs),
    ]),
  )}`;
}
