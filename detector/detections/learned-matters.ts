import type { Matter } from '../findings/finding-sink.js';

/** Makes the matters of a learned detection about single assets, of which no claim speaks. `most`: findings of it in one period. */
export function learnedMatters(detection: string, most: number): (part: string, rule: string, severities: Matter['severities']) => Matter {
  return (part, rule, severities) => ({ detection, claim: -1, part, scope: 'member', rule, severities, most });
}
