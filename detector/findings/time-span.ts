import { formatTime } from '../../flow/time.js';

/** An instant for people, in UTC: '2026-12-03 16:05:41Z', with milliseconds where there are any; '-' for a time that is not set. */
export function formatInstant(ms: number): string {
  return formatTime(ms).replace('T', ' ').replace('.000Z', 'Z');
}

/** A stretch of time for people: 'at 2026-12-03 16:05:41Z', '2026-12-03 14:22:08Z–14:22:18Z', with the second date where it is another one. */
export function formatSpan(fromMs: number, toMs: number): string {
  const from = formatInstant(fromMs);
  const to = formatInstant(toMs);
  if (from === to) return `at ${from}`;
  const [day, time] = to.split(' ');
  return `${from}–${from.startsWith(`${day} `) && time !== undefined ? time : to}`;
}
