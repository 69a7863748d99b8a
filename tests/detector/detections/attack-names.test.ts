import { expect, it } from 'vitest';
import { ATTACK_NAMES } from '../../../detector/detections/attack-names-table.js';
import { DETECTIONS } from '../../../detector/detections/index.js';
import { WATCHES } from '../../../detector/watches/index.js';

it('every technique that a detection or a watch refers to has a name, and what it belongs to; no other has', () => {
  const ids = [...Object.values(DETECTIONS), ...Object.values(WATCHES)].flatMap(({ attack }) => attack.map(({ id }) => id));
  const wanted = new Set(ids.flatMap((id) => [id, id.split('.')[0]!]));
  expect(Object.keys(ATTACK_NAMES).sort()).toEqual([...wanted].sort());
});
