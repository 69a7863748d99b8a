import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeInput } from './crash-file.js';
import { fuzz } from './loop.js';
import { TARGETS } from './targets.js';

/*
 * One target in a process of its own, started by main.ts: run-target.js NAME SECONDS SEED FOLDER. Tells how it goes by messages; an input that broke a rule
 * is written to FOLDER. The input in hand lies in FOLDER/NAME.running, so that one that never returns is known too.
 */

const [name = '', seconds = '60', seed = '1', folder = '.'] = process.argv.slice(2);
const create = TARGETS[name];
if (create === undefined) throw new Error(`no target ${name}`);
/** Inputs between two messages. */
const TELL_EVERY_MS = 1000;

mkdirSync(folder, { recursive: true });
const running = join(folder, `${name}.running`);
const until = performance.now() + Number(seconds) * 1000;
let toldAt = 0;
const result = await fuzz(await create(), {
  seed: Number(seed),
  goOn: (progress) => {
    const now = performance.now();
    if (now - toldAt > TELL_EVERY_MS) {
      toldAt = now;
      process.send?.({ progress });
    }
    return now < until;
  },
  beginning: (input) => writeFileSync(running, writeInput(input)),
});
const { crash, ...progress } = result;
if (crash === undefined) {
  process.send?.({ progress, done: true });
} else {
  const bytes = writeInput(crash.input);
  const file = join(folder, `${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.input`);
  writeFileSync(file, bytes);
  process.send?.({ progress, done: true, crash: { file, reason: crash.reason } });
}
process.disconnect?.();
