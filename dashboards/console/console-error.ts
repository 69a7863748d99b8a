/** The console cannot be served as it is configured or installed. The message says what to do. */
export class ConsoleError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConsoleError';
  }
}
