import type { Reason, ReasonCode } from './verdict-types.js';

export function reason(code: ReasonCode, about: string, observed: number, demanded: number, unit: string, sentence: string): Reason {
  return { code, about, observed, demanded, unit, sentence };
}
