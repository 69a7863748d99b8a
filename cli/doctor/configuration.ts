import { existsSync } from 'node:fs';
import { lintClaims } from '../../detector/claims/lint.js';
import { formatProblem } from '../../detector/claims/problem.js';
import { type Config, describeConfig, type Origins } from '../../flow/service/config.js';
import { type Check, note, ok, wrong } from './check.js';

/** What is not the default, and where it was said; wrong values have ended the command before. */
export function examineConfiguration(config: Config, origins: Origins): Check[] {
  const said = describeConfig(config, origins).filter(({ origin }) => origin !== 'default');
  const shape = config.kafka.brokers.length > 0 ? 'distributed: collect, detect and store over Kafka' : 'embedded: all in one process';
  const checks = [ok('configuration', 'shape', `${shape}; ${config.clickhouse.url ?? 'ClickHouse in process'}`)];
  for (const { path, value, origin } of said) checks.push(ok('configuration', path, `${JSON.stringify(value)} (${origin})`));
  const beyondLoopback = config.collector.listen.some((text) => !text.startsWith('127.') && !text.startsWith('[::1]'));
  if (beyondLoopback && config.collector.tls.listen.length === 0) {
    checks.push(
      note(
        'configuration',
        'integrity',
        'exporters are heard over UDP: whoever can send from their address can send in their name',
        'filter source addresses at the network’s edge (BCP 38), or let exporters use TLS (collector.tls); docs/operations.md says more',
      ),
    );
  }
  return checks;
}

/** Every claim file, as `cordon claims lint` sees it. */
export function examineClaims({ claims, approvals, lookup }: Config): Check[] {
  if (claims.length === 0) {
    return [
      note(
        'claims',
        'none',
        'no claim file is named: nothing is watched',
        'name them with --claims, CORDON_CLAIMS or claims: in cordon.yaml',
      ),
    ];
  }
  return claims.flatMap((file) => {
    const problems = lintClaims(file, approvals === undefined || existsSync(approvals) ? approvals : undefined, lookup);
    if (problems.length === 0) return [ok('claims', file, 'in order')];
    return problems.map((problem) => {
      const make = problem.severity === 'error' ? wrong : note;
      return make('claims', file, formatProblem(problem), `cordon claims lint ${file}`);
    });
  });
}
