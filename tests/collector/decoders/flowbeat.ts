import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readJson } from './corpora.js';

/** One record as flowbeat decodes it: its elements by name. */
export type GoldenFields = Readonly<Record<string, unknown>>;

export interface GoldenCase {
  readonly name: string;
  /** Datagrams in their order; a capture is one file. */
  readonly files: readonly string[];
  /** Undefined where flowbeat itself failed: then there is no truth to compare with. */
  readonly records: readonly GoldenFields[] | undefined;
}

interface Golden {
  readonly test_name: string;
  readonly error?: string;
  readonly events?: readonly { readonly Fields: { readonly netflow: GoldenFields } }[];
}

/** The cases of flowbeat's repository, with the files that each reads. */
export function goldenCases(corpora: string): GoldenCase[] {
  const folder = join(corpora, 'flows/flowbeat/testdata');
  const { tests } = parse(readFileSync(join(folder, 'dat_tests.yaml'), 'utf8')) as { tests: Record<string, string[]> };
  return readdirSync(join(folder, 'golden')).map((file) => {
    const name = file.replace(/\.golden\.json$/, '');
    const { test_name, error, events } = readJson<Golden>(join(folder, 'golden', file));
    const files = name.endsWith('.pcap') ? [join(folder, 'pcap', name)] : tests[test_name]?.map((dat) => join(folder, 'dat', dat));
    if (files === undefined) throw new Error(`${name}: no files are told for it`);
    return { name, files, records: error === undefined ? (events ?? []).map((event) => event.Fields.netflow) : undefined };
  });
}
