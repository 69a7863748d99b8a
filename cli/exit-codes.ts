/** What a command's exit code says (design §6). Scripts and auditors rely on it: the numbers never change. */
export const EXIT = {
  /** The answer is good news. */
  ok: 0,
  /** The answer is bad news: a violation, a difference, a failed check. */
  bad: 1,
  /** The answer is not proven. */
  notProven: 2,
  /** Integrity is broken: data, state or evidence is not what it must be. */
  integrity: 3,
  /** Wrong usage or configuration, or something that the command needs is not there. */
  usage: 4,
  /** A defect of ours (EX_SOFTWARE of sysexits.h): a crash must never be read as a violation. */
  defect: 70,
  /** Ended by Ctrl-C before there was an answer (128 + SIGINT). */
  interrupted: 130,
} as const;
