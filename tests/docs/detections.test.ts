import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Detection, Example } from '../../detector/detections/detection.js';
import { DETECTION_IDS, DETECTIONS } from '../../detector/detections/index.js';
import { createEngine } from '../../detector/engine/engine.js';
import type { Finding } from '../../detector/findings/finding.js';
import { detectionPage } from '../../detector/tools/detection-page.js';
import { WATCH_IDS, WATCHES } from '../../detector/watches/index.js';
import type { Watch } from '../../detector/watches/watch.js';
import { packageRoot } from '../../flow/service/paths.js';
import { batchOf, claimsOf, exampleRows } from '../detector/support/rows.js';
import { findingsOf } from '../detector/watches/support.js';

/*
 * docs/detections.md is made from the detections and from what the detector says of their examples. After a change:
 *   UPDATE_DOCS=1 npx vitest run tests/docs/detections.test.ts
 */
const page = join(packageRoot(), 'docs/detections.md');

/** Each is in a file of its name, in whichever folder of its kind. */
const sources = ['detector/detections', 'detector/watches'].flatMap((folder) =>
  readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
);

function sourceOf(id: string): string {
  const source = sources.find((file) => file.endsWith(`/${id}.ts`));
  if (source === undefined) throw new Error(`no file ${id}.ts below detector/detections and detector/watches`);
  return source;
}

/** The finding that the example is there for: the gravest of the detection's own. */
function findingOf(detection: Detection, example: Example): Finding[] {
  const claims = claimsOf(example.claims);
  const engine = createEngine({ claims, parameters: { [detection.id]: example.parameters ?? {} } });
  engine.ingest(batchOf(claims, exampleRows(example.rows)));
  return engine
    .findings()
    .filter((finding) => finding.detection === detection.id)
    .slice(0, 1);
}

// Every example of every detection is judged: half a minute of processor time.
it('docs/detections.md is a fresh generation', { timeout: 400_000 }, () => {
  const described = DETECTION_IDS.map((id) => {
    const detection: Detection = DETECTIONS[id];
    return { detection, source: sourceOf(id), findings: detection.examples.fires.flatMap((example) => findingOf(detection, example)) };
  });
  const watches = WATCH_IDS.map((id) => {
    const detection: Watch = WATCHES[id];
    const findings = detection.examples.fires.flatMap((example) =>
      findingsOf(example, id)
        .filter((finding) => finding.detection === id)
        .slice(0, 1),
    );
    return { detection, source: sourceOf(id), findings };
  });
  const wanted = detectionPage([...described, ...watches]);
  if (process.env.UPDATE_DOCS === '1') writeFileSync(page, wanted);
  expect(
    existsSync(page) ? readFileSync(page, 'utf8') : '',
    'UPDATE_DOCS=1 npx vitest run tests/docs/detections.test.ts makes it anew',
  ).toBe(wanted);
});
