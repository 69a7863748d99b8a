import { compileTexts } from '../../detector/claims/load.js';
import { createEngine } from '../../detector/engine/engine.js';
import { createFileSnapshotStore } from '../../detector/engine/snapshot-file.js';
import { claimFile } from './detect-claims.js';
import { peakMiB, report } from './report.js';

/*
 * Started by `detect` with the folder of the snapshot that it has written and the number of assets: how long it takes to read it back, and at which peak. A process of its own, as the
 * peak of the one that judged would hide it.
 */

const [folder, assets] = process.argv.slice(2) as [string, string];
const { claims } = compileTexts([{ file: 'bench.yaml', text: claimFile(Number(assets)) }]).compilation;
const engine = createEngine({ claims });
const started = performance.now();
for await (const { parts } of createFileSnapshotStore(folder).load('bench', 0)) {
  const refused = engine.restore(parts);
  if (refused !== undefined) throw new Error(`the snapshot is refused: ${refused}`);
}
const seconds = (performance.now() - started) / 1000;
process.stdout.write(
  `  restart         ${engine.units} assets back in ${seconds.toFixed(1)} s, peak RSS ${(peakMiB() ?? Number.NaN).toFixed(0)} MiB\n`,
);
report({
  name: `restart with ${assets} assets`,
  value: engine.units / seconds,
  unit: 'assets/s',
  peakBelowMB: Number(assets) > 100 ? 500 : 250,
});
