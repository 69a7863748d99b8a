/** What is wrong with a claim file: where, and what to write instead. */
export interface ClaimsProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Where in the document, 'claims.0.assert.only.1.peer'; '' for the document as a whole. */
  readonly path: string;
  /** Stable word for programs: 'unknown-key', 'host-bits', … */
  readonly code: string;
  readonly message: string;
}

/** Beyond this many the rest is counted, not listed: finding a position walks the document. */
export const MAX_PROBLEMS = 200;

/** `file:line:column: message`, as compilers print it and editors jump to it. */
export function formatProblem(problem: ClaimsProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** Claim files that cannot be used. Carries every problem found; nothing was loaded. */
export class ClaimsError extends Error {
  readonly problems: readonly ClaimsProblem[];

  constructor(problems: readonly ClaimsProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'ClaimsError';
    this.problems = problems;
  }
}
