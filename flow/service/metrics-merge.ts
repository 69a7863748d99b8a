/** One process's metrics in Prometheus text. */
export interface ProcessMetrics {
  /** Value of the label `process` that its series get. */
  readonly process: string;
  readonly text: string;
}

/*
 * Prometheus text, by line:
 *   # HELP name words · # TYPE name kind · name value · name{label="value",…} value
 * A family is its HELP and TYPE lines and the series behind them, and may stand in a text only once.
 */
const SERIES = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? ([-+]?(?:\d\S*|Inf|Na[nN])(?: \d+)?)$/;

/** One text out of our own series and those of other processes, which are told apart by the label `process`. Lines that are none are left out. */
export function mergeMetrics(own: string, others: readonly ProcessMetrics[]): string {
  const families = new Map<string, { head: string[]; series: string[] }>();
  const read = (text: string, process: string | undefined): void => {
    let family: { head: string[]; series: string[] } | undefined;
    let isNew = false;
    for (const line of text.split('\n')) {
      const [, keyword, name] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? [];
      if (name !== undefined) {
        const known = families.get(name);
        if (keyword === 'HELP' || known === undefined) isNew = known === undefined;
        family = known ?? { head: [], series: [] };
        families.set(name, family);
        if (isNew) family.head.push(line);
        continue;
      }
      const series = SERIES.exec(line);
      if (series === null || family === undefined) continue;
      const [, seriesName, labels, value] = series;
      if (process === undefined) family.series.push(line);
      else family.series.push(`${seriesName}{${labels === undefined ? '' : `${labels},`}process="${process}"} ${value}`);
    }
  };
  read(own, undefined);
  for (const { process, text } of others) read(text, process);
  return [...families.values()].map(({ head, series }) => `${[...head, ...series].join('\n')}\n`).join('\n');
}
