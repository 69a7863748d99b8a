import { type DestinationStream, pino } from 'pino';

/**
 * What library code may say to people: one JSON line each on standard error, so that standard output stays for results.
 * Errors of input are counted, not logged; a log line is for what an operator should know or do.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines with `time` (ISO 8601), `level` and `part`; `destination` is standard error unless a test gives another. */
export function createLog(level: LogLevel, part: string, destination: DestinationStream = pino.destination({ dest: 2, sync: true })): Log {
  return pino(
    {
      level,
      base: { part },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
