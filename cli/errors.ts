/** Wrong usage or configuration: a sentence that names what is wrong and what to do, and exit code 4. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Ends the command with an exit code after its results were printed; carries no message. */
export class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.name = 'Exit';
    this.code = code;
  }
}

/** The message as it is printed: several problems stand on lines of their own. */
export function printed(sentence: string): string {
  return sentence.includes('\n') ? `cordon:\n${sentence}\n` : `cordon: ${sentence}\n`;
}
