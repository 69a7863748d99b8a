/** A report that cannot be made as it was asked for: a sentence with what to do. */
export class ReportError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ReportError';
  }
}
