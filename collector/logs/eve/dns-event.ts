import type { NameSink } from '../../names/name-sink.js';
import { type AnswerRecord, createAnswerTeller } from '../answers.js';
import { type JsonObject, objectOf } from '../json-line.js';

const DNS_PORT = 53;
/** Types of record that lead to an address; the types of others (RRSIG, OPT) are left out of the chain. */
const CHAIN_TYPES = new Set<unknown>(['A', 'AAAA', 'CNAME', 'DNAME']);
/** CNAMEs of one answer that are remembered for its later events (version 1 alone). */
const MAX_ALIASES = 32;

/**
 * Tells the answers in EVE `dns` events (docs.suricata.io, "Event type: DNS"):
 *   version 3 (Suricata 8)  {"type": "response", "queries": [{"rrname"}], "answers": [{"rrname", "rrtype", "ttl", "rdata"}], "grouped": {"A": [..]}}
 *   version 2 (5 to 7)      {"type": "answer", "rrname", "answers": [..], "grouped": {"A": [..], "CNAME": [..]}}
 *   version 1 (to 4)        {"type": "answer", "id", "rrname", "rrtype", "ttl", "rdata"}: an event for each record, so the chain of CNAMEs is followed
 * Grouped answers have no TTL: it is taken as 0. Suricata has told the direction of an answer by its packet, and later by its flow, so who asked is the
 * end that is not port 53; where that does not tell, the source.
 */
export function createDnsReader(names: NameSink): (event: JsonObject, ms: number) => void {
  const teller = createAnswerTeller(names);
  let transaction = '';
  const aliases = new Map<string, { query: string; ttlSeconds: number }>();

  /** The one record of a version 1 event, under the name that was asked for as far as the events before it tell. */
  function single(event: JsonObject, dns: JsonObject): { query: string; records: AnswerRecord[] } | undefined {
    const { rrname, rrtype, rdata } = dns;
    if (typeof rrname !== 'string' || typeof rdata !== 'string' || !CHAIN_TYPES.has(rrtype)) return undefined;
    const key = `${String(event.flow_id)}/${String(dns.id)}`;
    if (key !== transaction) aliases.clear();
    transaction = key;
    const asked = aliases.get(rrname) ?? { query: rrname, ttlSeconds: Number.POSITIVE_INFINITY };
    const ttlSeconds = Math.min(asked.ttlSeconds, ttlOf(dns.ttl));
    if (rrtype === 'A' || rrtype === 'AAAA') return { query: asked.query, records: [{ data: rdata, ttlSeconds }] };
    if (aliases.size < MAX_ALIASES) aliases.set(rdata, { query: asked.query, ttlSeconds });
    return undefined;
  }

  return (event, ms) => {
    const dns = objectOf(event.dns);
    if (dns === undefined || (dns.type !== 'answer' && dns.type !== 'response')) return;
    if (dns.rcode !== undefined && dns.rcode !== 'NOERROR') return;
    const told = listed(dns) ?? grouped(dns) ?? single(event, dns);
    if (told === undefined || typeof event.src_ip !== 'string' || typeof event.dest_ip !== 'string') return;
    const answersPacket = event.src_port === DNS_PORT && event.dest_port !== DNS_PORT;
    const [client, server] = answersPacket ? [event.dest_ip, event.src_ip] : [event.src_ip, event.dest_ip];
    teller.answer(client, server, told.query, told.records, ms);
  };
}

function listed(dns: JsonObject): { query: string; records: AnswerRecord[] } | undefined {
  if (!Array.isArray(dns.answers)) return undefined;
  const records: AnswerRecord[] = [];
  for (const entry of dns.answers) {
    const record = objectOf(entry);
    if (record === undefined || typeof record.rdata !== 'string' || !CHAIN_TYPES.has(record.rrtype)) continue;
    records.push({ data: record.rdata, ttlSeconds: ttlOf(record.ttl) });
  }
  const first: unknown = dns.answers[0];
  return { query: queryOf(dns) || textOf(objectOf(first)?.rrname), records };
}

function grouped(dns: JsonObject): { query: string; records: AnswerRecord[] } | undefined {
  const groups = objectOf(dns.grouped);
  if (groups === undefined) return undefined;
  const records: AnswerRecord[] = [];
  for (const list of [groups.A, groups.AAAA])
    if (Array.isArray(list)) for (const data of list) if (typeof data === 'string') records.push({ data, ttlSeconds: 0 });
  return { query: queryOf(dns), records };
}

function queryOf(dns: JsonObject): string {
  if (typeof dns.rrname === 'string') return dns.rrname;
  const first: unknown = Array.isArray(dns.queries) ? dns.queries[0] : undefined;
  return textOf(objectOf(first)?.rrname);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function ttlOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0;
}
