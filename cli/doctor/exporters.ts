import type { CollectorStatus, ExporterLine, RedefinitionLine } from '../../collector/collector-status.js';
import { formatDuration, formatTime, MINUTE_MS, SECOND_MS } from '../../flow/time.js';
import { formatCount } from '../render/text.js';
import { type Check, note, ok, unknown, wrong } from './check.js';
import type { StoredExporter } from './stored-exporters.js';

/** From where on an exporter's numbers are worth a word. */
export const EXPORTER_THRESHOLDS = {
  /** Silence: this many usual pauses, and never less than the time below (reference: detection.md D19). */
  silencePauses: 3,
  minSilenceMs: 90 * SECOND_MS,
  /** Below it a loss is a note: a verdict counts it all the same. */
  lossShare: 0.001,
  duplicateShare: 0.01,
  /** v9 and IPFIX stamp whole seconds, and a datagram is some time under way. */
  clockBehindMs: 10 * SECOND_MS,
  clockAheadMs: 2 * SECOND_MS,
  /** Routers send templates every minute to every half hour. */
  confirmTemplatesMs: 30 * MINUTE_MS,
} as const;

const SECTION = 'exporters';

/** What is worth saying of one exporter; empty when all is well. `nowMs` and the line's times are by the collector's clock. */
export function examineExporter(line: ExporterLine, nowMs: number): Check[] {
  const name = nameOf(line);
  const checks: Check[] = [];
  const silentMs = nowMs - line.lastSeenMs;
  const usual = line.usualPauseMs ?? 0;
  if (silentMs > Math.max(EXPORTER_THRESHOLDS.minSilenceMs, usual * EXPORTER_THRESHOLDS.silencePauses)) {
    checks.push(
      wrong(
        SECTION,
        name,
        `silent for ${formatDuration(silentMs)} (last seen ${formatTime(line.lastSeenMs)}${usual > 0 ? `, usually every ${formatDuration(usual)}` : ''})`,
        'see whether the exporter runs, still sends to this address and port, and whether a firewall stands between',
      ),
    );
  }
  checks.push(...lossOf(line, name), ...templatesOf(line, name, nowMs), ...readingOf(line, name), ...clockOf(line, name));
  if (line.samplingInterval > 1) {
    checks.push(
      note(
        SECTION,
        name,
        `sampled, one packet stands for ${formatCount(line.samplingInterval)}`,
        'small transfers can hide between samples, and verdicts say how small; send unsampled flows of the watched equipment if the exporter can',
      ),
    );
  }
  return checks;
}

type LossCounts = Pick<
  ExporterLine,
  'records' | 'lostRecords' | 'messages' | 'lostMessages' | 'recordsNotExported' | 'packetsMissed' | 'duplicates'
>;

function lossOf(line: LossCounts, name: string): Check[] {
  const checks: Check[] = [];
  const sent = line.records + line.lostRecords;
  const messages = line.messages + line.lostMessages;
  if (line.lostRecords > 0 || line.lostMessages > 0) {
    const share = Math.max(line.lostRecords / Math.max(1, sent), line.lostMessages / Math.max(1, messages));
    const make = share >= EXPORTER_THRESHOLDS.lossShare ? wrong : note;
    checks.push(
      make(
        SECTION,
        name,
        `lost ${formatCount(line.lostRecords)} of ${formatCount(sent)} records (${formatCount(line.lostMessages)} messages, ${percent(share)})`,
        'if the kernel dropped too (see ports), raise the receive buffer; else look for full queues on the way, or send over TCP or TLS',
      ),
    );
  }
  if (line.recordsNotExported > 0 || line.packetsMissed > 0) {
    checks.push(
      wrong(
        SECTION,
        name,
        `says itself that it did not send ${formatCount(line.recordsNotExported)} records and did not look at ${formatCount(line.packetsMissed)} packets`,
        'its cache or its processor is too small for this traffic: lengthen no timeouts, meter fewer interfaces, or sample',
      ),
    );
  }
  if (line.duplicates / Math.max(1, line.messages) > EXPORTER_THRESHOLDS.duplicateShare) {
    checks.push(
      note(
        SECTION,
        name,
        `sent ${formatCount(line.duplicates)} messages twice (counted once)`,
        'one exporter may be configured with this collector as two targets, or a network device repeats its datagrams',
      ),
    );
  }
  return checks;
}

function changedOf({ templatesChanged }: Pick<ExporterLine, 'templatesChanged'>, name: string): Check[] {
  if (templatesChanged === 0) return [];
  return [
    wrong(
      SECTION,
      name,
      `redefined ${formatCount(templatesChanged)} templates in flight`,
      'a security event unless it was reconfigured: compare both definitions (the log has them), and see that nobody else can send from its address',
    ),
  ];
}

function templatesOf(line: ExporterLine, name: string, nowMs: number): Check[] {
  const checks = changedOf(line, name);
  if (line.templatesRestored > 0 && nowMs - line.firstSeenMs > EXPORTER_THRESHOLDS.confirmTemplatesMs) {
    checks.push(
      note(
        SECTION,
        name,
        `${line.templatesRestored} templates from before our restart were not sent again; ${formatCount(line.recordsByRestored)} records were read by such`,
        'let the exporter send its templates every minute (Cisco: template data timeout 60)',
      ),
    );
  }
  return checks;
}

function readingOf(line: Pick<ExporterLine, 'undecodable' | 'malformed' | 'templatesMissing'>, name: string): Check[] {
  const checks: Check[] = [];
  if (line.undecodable > 0) {
    const lacks = line.templatesMissing > 0;
    checks.push(
      wrong(
        SECTION,
        name,
        `${formatCount(line.undecodable)} records could not be read${lacks ? `: ${formatCount(line.templatesMissing)} sets came without their template` : ': they carry no flow, or are of a vendor'}`,
        lacks
          ? 'let the exporter send its templates every minute; where several exporters share an address, set collector.templates.keyByPort'
          : 'docs/formats.md lists what is read; records of other kinds need not be exported',
      ),
    );
  }
  if (line.malformed > 0) {
    checks.push(
      wrong(
        SECTION,
        name,
        `${formatCount(line.malformed)} messages could not be read to their end`,
        'they are in the quarantine folder: read them with cordon decode --format export-pcap or Wireshark, and look for a cut MTU',
      ),
    );
  }
  return checks;
}

function clockOf({ clockOffsetMs }: Pick<ExporterLine, 'clockOffsetMs'>, name: string): Check[] {
  if (clockOffsetMs === null) return [];
  if (clockOffsetMs <= EXPORTER_THRESHOLDS.clockBehindMs && clockOffsetMs >= -EXPORTER_THRESHOLDS.clockAheadMs) return [];
  const side = clockOffsetMs > 0 ? 'behind' : 'ahead of';
  return [
    wrong(
      SECTION,
      name,
      `its clock is ${formatDuration(Math.abs(clockOffsetMs))} ${side} ours`,
      'set NTP on the exporter, and here: windows of claims and the minutes of the ledger are by its clock',
    ),
  ];
}

/** Declared sensors of which nothing was heard. */
export function examineMissing(
  declared: readonly { readonly name: string; readonly exporter: string }[],
  heard: readonly Pick<ExporterLine, 'sensor'>[],
): Check[] {
  const names = new Set(heard.map(({ sensor }) => sensor));
  return declared
    .filter(({ name }) => !names.has(name))
    .map(({ name, exporter }) =>
      wrong(
        SECTION,
        `${name} (${exporter})`,
        'declared in a claim file and never heard',
        'let it send to this collector, or correct its address in the claim file: it is the address that the datagrams come from',
      ),
    );
}

/** What a collector's own counters say. */
export function examineCollector(status: CollectorStatus): Check[] {
  const checks: Check[] = [];
  if (status.refused > 0) {
    const senders = status.refusedSenders.slice(0, 5).map(({ address, datagrams }) => `${address} (${formatCount(datagrams)})`);
    checks.push(
      note(
        SECTION,
        'refused',
        `${formatCount(status.refused)} datagrams of senders that are not allowed or sent too many: ${senders.join(', ')}`,
        'add an exporter of yours to collector.allow or to a claim file; addresses of UDP can be forged, so take them as a hint',
      ),
    );
  }
  if (status.kernelDrops > 0) {
    checks.push(
      wrong(
        SECTION,
        'kernel drops',
        `${formatCount(status.kernelDrops)} datagrams were dropped before they were fetched`,
        'raise net.core.rmem_max and collector.receiveBufferBytes, give the process a core of its own, or run a second collector',
      ),
    );
  }
  if (status.overrun > 0) {
    checks.push(
      wrong(
        SECTION,
        'overrun',
        `${formatCount(status.overrun)} datagrams were dropped because what follows was full`,
        'see whether Kafka or the database is slow or away (below)',
      ),
    );
  }
  const { quarantine } = status;
  if (quarantine !== null && quarantine.kept + quarantine.refused > 0) {
    checks.push(
      note(
        SECTION,
        'quarantine',
        `${formatCount(quarantine.kept)} messages that could not be read are in ${quarantine.folder}; ${formatCount(quarantine.refused)} more were not kept`,
        'read them with cordon decode --format export-pcap FILE, or tshark -r FILE; please report what should have been read',
      ),
    );
  }
  checks.push(...status.redefinitions.slice(-5).map(redefinition));
  return checks;
}

function redefinition({ exporter, domain, protocol, template, atMs, before, after, wasRestored, records }: RedefinitionLine): Check {
  const how = wasRestored ? `while Cordon was stopped; ${formatCount(records)} records were read by the old one` : 'in flight';
  return note(
    SECTION,
    `template ${template} of ${exporter}/${domain}`,
    `${protocol}, changed at ${formatTime(atMs ?? Number.NaN)} ${how}: ${before}  →  ${after}`,
    'compare with the configuration of the exporter',
  );
}

/** One line when nothing is to be said. */
export function allWell(exporters: readonly ExporterLine[]): Check {
  return ok(SECTION, 'all', `${exporters.length} heard, nothing lost, everything read`);
}

function nameOf({ sensor, exporter, domain }: Pick<ExporterLine, 'sensor' | 'exporter' | 'domain'>): string {
  return sensor === exporter ? `${exporter}/${domain}` : `${sensor} (${exporter}/${domain})`;
}

function percent(share: number): string {
  return `${(share * 100).toPrecision(2)} %`;
}

/** What the ledger of the last day says, where no collector runs that could be asked. */
export function examineStored(exporters: readonly StoredExporter[] | undefined): Check[] {
  if (exporters === undefined) {
    const remedy = 'start a collector, or let this user read the database';
    return [unknown(SECTION, 'none', 'no collector runs, and the ledger could not be read', remedy)];
  }
  if (exporters.length === 0)
    return [unknown(SECTION, 'none', 'no collector runs, and the ledger of the last day is empty', 'start a collector')];
  return exporters.flatMap((line) => {
    const name = nameOf(line);
    const checks = [
      ...lossOf({ ...line, recordsNotExported: 0, packetsMissed: 0 }, name),
      ...readingOf(line, name),
      ...changedOf(line, name),
      ...clockOf(line, name),
    ];
    return checks.length === 0
      ? [ok(SECTION, name, `${formatCount(line.records)} records in ${formatCount(line.minutes)} minutes`)]
      : checks;
  });
}
