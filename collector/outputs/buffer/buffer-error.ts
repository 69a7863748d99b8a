export type BufferErrorCode = 'buffer-in-use' | 'buffer-unusable' | 'stopped';

/** A disk buffer that cannot be opened, with a sentence that says what to do; 'stopped' for a frame that came too late. */
export class BufferError extends Error {
  readonly code: BufferErrorCode;
  constructor(code: BufferErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BufferError';
    this.code = code;
  }
}
