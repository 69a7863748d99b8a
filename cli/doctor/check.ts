/** How a thing stands. `note` is advice: it works, and could be better. */
export type CheckState = 'ok' | 'note' | 'wrong' | 'unknown';

/** The parts of the answer, in the order in which they are told. */
export const SECTIONS = ['configuration', 'claims', 'machine', 'ports', 'processes', 'exporters', 'logs', 'kafka', 'database'] as const;
export type Section = (typeof SECTIONS)[number];

/** One thing that was looked at. */
export interface Check {
  readonly section: Section;
  readonly name: string;
  readonly state: CheckState;
  /** What was found, with its numbers. */
  readonly says: string;
  /** What to do; always there where something is wrong or unknown. */
  readonly remedy?: string;
}

export const ok = (section: Section, name: string, says: string): Check => ({ section, name, state: 'ok', says });
export const note = (section: Section, name: string, says: string, remedy: string): Check => ({
  section,
  name,
  state: 'note',
  says,
  remedy,
});
export const wrong = (section: Section, name: string, says: string, remedy: string): Check => ({
  section,
  name,
  state: 'wrong',
  says,
  remedy,
});
export const unknown = (section: Section, name: string, says: string, remedy: string): Check => ({
  section,
  name,
  state: 'unknown',
  says,
  remedy,
});
