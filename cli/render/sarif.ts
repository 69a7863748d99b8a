import { relative, sep } from 'node:path';
import { programVersion } from '../../flow/service/paths.js';

/** One result for a code scanning tool: what, how bad, and where. Lines and columns count from 1. */
export interface SarifResult {
  readonly rule: string;
  readonly level: 'error' | 'warning' | 'note' | 'none';
  /** `pass` for a test that holds; SARIF 2.1.0 §3.27.9. */
  readonly kind: 'fail' | 'pass';
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** SARIF 2.1.0 (OASIS) as one run of Cordon. `rules`: id → what the rule is about. Paths below the working folder are relative to it. */
export function sarif(rules: ReadonlyMap<string, string>, results: readonly SarifResult[]): string {
  const ids = [...rules.keys()];
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'Cordon',
            version: programVersion(),
            rules: ids.map((id) => ({ id, shortDescription: { text: rules.get(id) } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: results.map(({ rule, level, kind, message, file, line, column }) => ({
          ruleId: rule,
          ruleIndex: ids.indexOf(rule),
          kind,
          level: kind === 'pass' ? 'none' : level,
          message: { text: message },
          locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, region: { startLine: line, startColumn: column } } }],
        })),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function uriOf(file: string): string {
  const within = relative(process.cwd(), file);
  const path = within.startsWith('..') ? file : within;
  return path.split(sep).map(encodeURIComponent).join('/');
}
