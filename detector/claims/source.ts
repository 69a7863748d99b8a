import { parseStrictYaml, type YamlPath } from '../../flow/service/strict-yaml.js';
import { type ClaimsProblem, MAX_PROBLEMS } from './problem.js';

export type DocumentPath = YamlPath;

/** One claim file: its plain data (maps without prototype), and the way back from a path in it to line and column. */
export interface ClaimsSource {
  readonly file: string;
  readonly data: unknown;
  /** The problem at `path`; with `key`, at that key of the map there. */
  problem(path: DocumentPath, code: string, message: string, key?: string): ClaimsProblem;
}

/** Reads one claim file as strict YAML. What is wrong is added to `problems`; then the answer is undefined. */
export function readSource(file: string, text: string, problems: ClaimsProblem[]): ClaimsSource | undefined {
  const yaml = parseStrictYaml(text);
  if ('problems' in yaml) {
    for (const problem of yaml.problems.slice(0, Math.max(0, MAX_PROBLEMS - problems.length)))
      problems.push({ file, path: '', ...problem });
    return undefined;
  }
  return {
    file,
    data: yaml.data,
    problem: (path, code, message, key) => ({
      file,
      ...yaml.positionOf(path, key),
      path: [...path, ...(key === undefined ? [] : [key])].join('.'),
      code,
      message,
    }),
  };
}
