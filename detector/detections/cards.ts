import type { Detection } from './detection.js';
import { DETECTIONS } from './index.js';

/** What people read of a detection: its card without its evaluation. */
export type DetectionCard = Pick<
  Detection,
  'id' | 'title' | 'question' | 'severity' | 'history' | 'falsePositives' | 'runbook' | 'attack' | 'references'
>;

/** The card of the detection with this id; undefined where this version knows none, as of a finding that a newer one has stored. */
export function detectionCard(id: string): DetectionCard | undefined {
  const cards: Readonly<Record<string, DetectionCard>> = DETECTIONS;
  return Object.hasOwn(cards, id) ? cards[id] : undefined;
}
