/** Why an input cannot be used at all. A closed list with stable names; what is wrong *inside* an input is counted as a fault instead. */
export const INPUT_ERROR_CODES = [
  'missing-file',
  'not-a-file',
  'unreadable-file',
  'not-a-capture',
  'not-export-datagrams',
  'not-nfcapd',
  'decompression-limit',
  'port-in-use',
  'port-not-permitted',
  'address-not-available',
  'socket-failed',
] as const;
export type InputErrorCode = (typeof INPUT_ERROR_CODES)[number];

/** An input that cannot be opened or is not what it should be. The message is a sentence that names the input and says what to do. */
export class InputError extends Error {
  readonly code: InputErrorCode;

  constructor(code: InputErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InputError';
    this.code = code;
  }
}

/** The first bytes of a file, to show what was found: hexadecimal, and as text where they are printable ASCII. */
export function describeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'the file is empty';
  const head = bytes.subarray(0, 8);
  const hex = Array.from(head, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const readable = head.every((byte) => byte >= 0x20 && byte < 0x7f);
  return readable ? `it begins with ${hex} ('${String.fromCharCode(...head)}')` : `it begins with ${hex}`;
}

/** The InputError of a file that could not be opened or read. */
export function fileError(path: string, name: string, error: unknown): InputError {
  const code = errorCode(error);
  const cause = { cause: error };
  if (code === 'ENOENT') return new InputError('missing-file', `${name} does not exist; check the path (looked for '${path}')`, cause);
  if (code === 'EISDIR') return new InputError('not-a-file', `${name} is a directory; name the files in it`, cause);
  if (code === 'EACCES' || code === 'EPERM') {
    return new InputError('unreadable-file', `${name} may not be read by this user; change its permissions or run as its owner`, cause);
  }
  return new InputError('unreadable-file', `${name} cannot be read (${code}); check the disk and the path`, cause);
}

/** The system's name of an error ('ENOENT'), or its text. */
export function errorCode(error: unknown): string {
  if (error instanceof Error) return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
  return String(error);
}
