import { WATCHES } from '../watches/index.js';
import type { DetectionCard } from './detection.js';
import { DETECTIONS } from './index.js';

const CARDS: Readonly<Record<string, DetectionCard>> = { ...DETECTIONS, ...WATCHES };

/** The card of the detection or watch with this id; undefined where this version knows none, as of a finding that a newer one has stored. */
export function detectionCard(id: string): DetectionCard | undefined {
  return Object.hasOwn(CARDS, id) ? CARDS[id] : undefined;
}
