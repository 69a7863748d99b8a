import { formatAddress } from '../flow/address.js';
import type { CollectorCounters } from './collector.js';
import type { FaultCode } from './contracts.js';
import type { TopSender } from './inputs/top-senders.js';
import type { ReceiveBuffer } from './inputs/udp.js';
import type { NameCounters, NameTable } from './names/name-table.js';
import type { QuarantineCounters } from './quarantine/quarantine.js';
import type { ExporterStatus } from './sequence/exporter-status.js';
import { elementName } from './templates/element-name.js';
import type { KnownDomain, Redefinition } from './templates/store.js';
import type { Template } from './templates/template.js';

/*
 * What a running collector says of itself, as JSON: `/status` of its process, read by `cordon doctor`. null stands for a number that is not known.
 */

/** Exporters told one by one; what further ones come to is in the totals of the collector and in the ledger. */
export const MAX_EXPORTERS_TOLD = 1000;

/** One exporter, domain and protocol; see ExporterStatus for what the numbers mean. */
export interface ExporterLine {
  readonly sensor: string;
  readonly exporter: string;
  readonly domain: number;
  readonly protocol: string;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly messages: number;
  readonly records: number;
  readonly messagesPerSecond: number | null;
  readonly usualPauseMs: number | null;
  readonly samplingInterval: number;
  readonly lostMessages: number;
  readonly lostRecords: number;
  readonly undecodable: number;
  readonly malformed: number;
  readonly duplicates: number;
  readonly held: number;
  readonly restarts: number;
  readonly recordsNotExported: number;
  readonly packetsMissed: number;
  readonly clockOffsetMs: number | null;
  readonly dialect: string;
  /** Templates known now, options templates too; 0 for protocols without. */
  readonly templates: number;
  /** Of them: from before our restart, not sent again since. */
  readonly templatesRestored: number;
  readonly recordsByRestored: number;
  readonly templatesMissing: number;
  readonly templatesChanged: number;
}

/** A template redefined while it was in use. */
export interface RedefinitionLine {
  readonly exporter: string;
  readonly domain: number;
  readonly protocol: string;
  readonly template: number;
  readonly atMs: number | null;
  /** Fields as `name/octets`, in their order. */
  readonly before: string;
  readonly after: string;
  readonly wasRestored: boolean;
  readonly records: number;
}

export interface CollectorStatus {
  readonly listening: readonly string[];
  readonly buffers: readonly ReceiveBuffer[];
  readonly exporters: readonly ExporterLine[];
  /** Exporters beyond MAX_EXPORTERS_TOLD. */
  readonly exportersLeftOut: number;
  readonly datagrams: number;
  readonly records: number;
  readonly produced: number;
  readonly unwatched: number;
  readonly duplicates: number;
  /** Dropped unread because the bus was full, in the collector or before it. */
  readonly overrun: number;
  readonly kernelDrops: number;
  readonly refused: number;
  /** Addresses refused most. They may be forged, and `over` of the datagrams may have been another's. */
  readonly refusedSenders: readonly TopSender[];
  readonly faults: Readonly<Partial<Record<FaultCode, number>>>;
  readonly redefinitions: readonly RedefinitionLine[];
  /** The passive name table: what it holds, and what it has done since the start. */
  readonly names: NameCounters & { readonly entries: number; readonly clients: number };
  /** null: not kept. */
  readonly quarantine: (QuarantineCounters & { readonly folder: string }) | null;
}

/** What the status is made of. */
export interface StatusSources {
  readonly exporters: readonly ExporterStatus[];
  readonly domains: Iterable<KnownDomain>;
  readonly redefinitions: readonly Redefinition[];
  readonly counters: Readonly<CollectorCounters>;
  readonly names: NameTable;
  readonly quarantine: { readonly counters: Readonly<QuarantineCounters>; readonly folder: string } | undefined;
  readonly listening: readonly string[];
  readonly buffers: readonly ReceiveBuffer[];
  readonly kernelDrops: number;
  readonly queueDrops: number;
  readonly refused: number;
  readonly refusedSenders: readonly TopSender[];
}

export function collectorStatus(sources: StatusSources): CollectorStatus {
  const { exporters, counters, names, quarantine } = sources;
  const templates = templatesByExporter(sources.domains);
  const told = exporters.slice(0, MAX_EXPORTERS_TOLD);
  return {
    listening: sources.listening,
    buffers: sources.buffers,
    exporters: told.map((exporter) => exporterLine(exporter, templates)),
    exportersLeftOut: exporters.length - told.length,
    datagrams: counters.datagrams,
    records: counters.records,
    produced: counters.produced,
    unwatched: counters.unwatched,
    duplicates: counters.duplicates,
    overrun: counters.overrun + sources.queueDrops,
    kernelDrops: sources.kernelDrops,
    refused: sources.refused,
    refusedSenders: sources.refusedSenders,
    faults: Object.fromEntries(counters.faults),
    redefinitions: sources.redefinitions.map(redefinitionLine),
    names: { ...names.counters, entries: names.entries, clients: names.clients },
    quarantine: quarantine === undefined ? null : { ...quarantine.counters, folder: quarantine.folder },
  };
}

interface TemplateCounts {
  templates: number;
  templatesRestored: number;
  recordsByRestored: number;
}

const NO_TEMPLATES: Readonly<TemplateCounts> = { templates: 0, templatesRestored: 0, recordsByRestored: 0 };

function templatesByExporter(domains: Iterable<KnownDomain>): Map<string, TemplateCounts> {
  const counts = new Map<string, TemplateCounts>();
  for (const { owner, templates, restored, recordsByRestored } of domains) {
    const key = exporterKey(formatAddress(owner.exporter), owner.observationDomainId, owner.protocol);
    const sum = counts.get(key) ?? { ...NO_TEMPLATES };
    sum.templates += templates.size;
    sum.templatesRestored += restored.size;
    sum.recordsByRestored += recordsByRestored;
    counts.set(key, sum);
  }
  return counts;
}

function exporterKey(exporter: string, domain: number, protocol: string): string {
  return `${exporter} ${domain} ${protocol}`;
}

function exporterLine(status: ExporterStatus, templates: ReadonlyMap<string, TemplateCounts>): ExporterLine {
  const exporter = formatAddress(status.exporter);
  const { observationDomainId: domain, protocol } = status;
  return {
    sensor: status.sensor,
    exporter,
    domain,
    protocol,
    firstSeenMs: status.firstSeenMs,
    lastSeenMs: status.lastSeenMs,
    messages: status.messages,
    records: status.records,
    messagesPerSecond: known(status.messagesPerSecond),
    usualPauseMs: known(status.usualPauseMs),
    samplingInterval: status.samplingInterval,
    lostMessages: status.lostMessages,
    lostRecords: status.lostRecords,
    undecodable: status.undecodable,
    malformed: status.malformed,
    duplicates: status.duplicates,
    held: status.held,
    restarts: status.restarts,
    recordsNotExported: status.recordsNotExported,
    packetsMissed: status.packetsMissed,
    clockOffsetMs: known(status.clockOffsetMs),
    dialect: status.dialect,
    templatesMissing: status.templatesMissing,
    templatesChanged: status.templatesChanged,
    ...(templates.get(exporterKey(exporter, domain, protocol)) ?? NO_TEMPLATES),
  };
}

export function redefinitionLine({ owner, atMs, before, after, wasRestored, records }: Redefinition): RedefinitionLine {
  return {
    exporter: formatAddress(owner.exporter),
    domain: owner.observationDomainId,
    protocol: owner.protocol,
    template: after.id,
    atMs: known(atMs),
    before: fieldsOf(before),
    after: fieldsOf(after),
    wasRestored,
    records,
  };
}

/** Fields told of a template; a long one is cut. */
const MAX_FIELDS_TOLD = 40;

function fieldsOf({ elements, lengths }: Template): string {
  const told = [...elements.subarray(0, MAX_FIELDS_TOLD)].map((element, field) => `${elementName(element)}/${lengths[field]}`);
  return `${told.join(' ')}${elements.length > MAX_FIELDS_TOLD ? ' …' : ''}`;
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
