import { Command } from 'commander';
import { type ClaimsDifference, diffClaims } from '../../../detector/tools/diff.js';
import { loadPlaced } from '../../../detector/tools/placed-claims.js';
import { Exit } from '../../errors.js';
import { EXIT } from '../../exit-codes.js';
import { renderTable } from '../../render/table.js';
import { commonSettings } from '../common.js';

/** Prefixes of one change that the table lists; --json has all. */
const SHOWN_PEERS = 6;

/** `cordon claims diff`: two claim files in terms of traffic. */
export function diffCommand(): Command {
  return new Command('diff')
    .argument('<before>', 'claim file as it was')
    .argument('<after>', 'claim file as it is to be')
    .option('--approvals <file>', 'approvals (JSON lines) that open ticketed windows, of both (default: those of the configuration)')
    .option(
      '--config <file>',
      'configuration: location data (`lookup`), approvals and the key of the drills (default: cordon.yaml where it exists)',
    )
    .option('--json', 'as JSON, with all prefixes')
    .addHelpText(
      'after',
      `
Computed, not read: the order of rules, names of sets and how prefixes are cut make no difference; sets that are used nowhere neither.

Exit codes: 0 both mean the same · 1 they differ · 4 one cannot be loaded.

Examples:
  cordon claims diff site.claims.yaml site.claims.new.yaml
  git show HEAD:site.claims.yaml > before.yaml && cordon claims diff before.yaml site.claims.yaml`,
    )
    .action((before: string, after: string, flags: { approvals?: string; config?: string; json?: boolean }) => {
      const { config, approvals } = commonSettings(flags);
      const load = (file: string) => loadPlaced(file, approvals, config.lookup);
      const difference = diffClaims(load(before), load(after));
      const same = difference.traffic.length === 0 && difference.other.length === 0;
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(difference, undefined, 2)}\n` : same ? 'Both say the same.\n' : tables(difference),
      );
      if (!same) throw new Exit(EXIT.bad);
    });
}

function tables({ traffic, other }: ClaimsDifference): string {
  const parts: string[] = [];
  if (traffic.length > 0) {
    const columns = [
      { title: 'traffic becomes' },
      { title: 'fleet', width: 32 },
      { title: 'claim' },
      { title: 'peers', width: 44 },
      { title: 'ports', width: 30 },
      { title: 'begun by' },
      { title: 'before', width: 32 },
      { title: 'after', width: 32 },
    ];
    const rows = traffic.map((one) => {
      const more = one.peers.length > SHOWN_PEERS ? ` and ${one.peers.length - SHOWN_PEERS} more` : '';
      const peers = `${one.except ? 'all but ' : ''}${one.peers.slice(0, SHOWN_PEERS).join(', ')}${more}`;
      const fleet = one.subjects === undefined ? one.fleet : `${one.fleet}: ${one.subjects.join(', ')}`;
      return [one.change, fleet, one.claim, peers, one.ports.join(', '), one.initiator, one.before, one.after];
    });
    parts.push(renderTable(columns, rows));
  }
  if (other.length > 0) {
    const rows = other.map(({ path, before, after }) => [path, before ?? '(absent)', after ?? '(absent)']);
    parts.push(renderTable([{ title: 'beside traffic' }, { title: 'before', width: 60 }, { title: 'after', width: 60 }], rows));
  }
  return parts.join('\n');
}
