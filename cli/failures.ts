import { InputError } from '../collector/inputs/input-error.js';
import { BufferError } from '../collector/outputs/buffer/buffer-error.js';
import { ElementsError } from '../collector/templates/user-elements.js';
import { ConsoleError } from '../dashboards/console/console-error.js';
import { ClaimsError } from '../detector/claims/problem.js';
import { DecisionError } from '../detector/decisions/request.js';
import { ParameterError } from '../detector/engine/parameters.js';
import { ReportError } from '../detector/report/report-error.js';
import { StoreError } from '../detector/store/store-error.js';
import { AddressError } from '../flow/address.js';
import { BusError } from '../flow/bus/bus.js';
import { ConfigError } from '../flow/service/config.js';
import { UsageError } from './errors.js';

/** Errors whose message already says what is wrong and what to do. */
const EXPECTED = [
  UsageError,
  ConfigError,
  ClaimsError,
  InputError,
  BufferError,
  ElementsError,
  StoreError,
  BusError,
  ParameterError,
  AddressError,
  ConsoleError,
  DecisionError,
  ReportError,
] as const;

/** What the file system refuses, and what a person can do about it. */
const FILE_SYSTEM: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist; check the path',
  ENOTDIR: 'a part of the path is a file; name a folder',
  EEXIST: 'a file of that name exists; name a folder',
  EISDIR: 'it is a folder; name a file',
  EACCES: 'this user may not; change its permissions or name another place',
  EPERM: 'this user may not; change its permissions or name another place',
  EROFS: 'it is on a disk that is read-only; name another place',
  ENOSPC: 'the disk is full; make room or name another place',
  EDQUOT: 'the quota is used up; make room or name another place',
  ENAMETOOLONG: 'the name is too long; name a shorter one',
  ELOOP: 'its symbolic links go round in a circle',
};

/** The sentence for an error that a person can do something about; undefined for a defect of ours, which shows its stack. */
export function sentenceOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (EXPECTED.some((kind) => error instanceof kind)) return error.message;
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  const remedy = FILE_SYSTEM[code ?? ''];
  return remedy === undefined || path === undefined ? undefined : `'${path}' cannot be used (${syscall}): ${remedy}`;
}
