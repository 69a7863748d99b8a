import { InputError } from '../collector/inputs/input-error.js';
import { ClaimsError } from '../detector/claims/problem.js';
import { ParameterError } from '../detector/engine/parameters.js';
import { StoreError } from '../detector/store/store-error.js';
import { AddressError } from '../flow/address.js';
import { BusError } from '../flow/bus/bus.js';
import { ConfigError } from '../flow/service/config.js';
import { UsageError } from './errors.js';

/** Errors whose message already says what is wrong and what to do. Anything else is a defect of ours and shows its stack. */
const EXPECTED = [UsageError, ConfigError, ClaimsError, InputError, StoreError, BusError, ParameterError, AddressError] as const;

export function isExpected(error: unknown): error is Error {
  return EXPECTED.some((kind) => error instanceof kind);
}

/** The message as it is printed: several problems stand on lines of their own. */
export function sentenceOf(error: Error): string {
  return error.message.includes('\n') ? `\n${error.message}` : error.message;
}
