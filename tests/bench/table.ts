import type { Figure } from './report.js';

/** What, figure, unit, peak memory, target, met: as text in columns. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = [['what', 'figure', 'unit', 'peak MiB', 'target', 'met'], ...figures.map(cells)];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const rightAligned = new Set([1, 3]);
  return rows
    .map((row) =>
      row
        .map((cell, column) => (rightAligned.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function cells({ name, value, unit, peakMiB, target, peakBelowMB, note }: Figure): string[] {
  const targets = [
    ...(target === undefined ? [] : [`≥ ${formatFigure(target)}`]),
    ...(peakBelowMB === undefined ? [] : [`< ${peakBelowMB} MB`]),
  ];
  const what = note === undefined ? name : `${name}: ${note}`;
  return [what, value === undefined ? '' : formatFigure(value), unit, peakMiB?.toFixed(0) ?? '', targets.join(', '), verdict()];

  function verdict(): string {
    const missed: string[] = [];
    if (target !== undefined && !(value !== undefined && value >= target)) missed.push('speed');
    if (peakBelowMB !== undefined && !(typeof peakMiB === 'number' && peakMiB * 1.048576 < peakBelowMB)) missed.push('memory');
    if (targets.length === 0) return '';
    return missed.length === 0 ? 'yes' : `no (${missed.join(', ')})`;
  }
}

/** 5 600 000 → '5.60 M', 212 345 → '212 k'. */
function formatFigure(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return value >= 1000 ? `${(value / 1000).toFixed(0)} k` : value.toFixed(1);
}
