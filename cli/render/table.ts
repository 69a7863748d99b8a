import { cutText } from '../../flow/visible-text.js';
import { terminalText } from './text.js';

/** Characters of a cell at most: a name of 10 kB must not make every line of the table as wide. */
const MOST_CHARACTERS = 400;

export interface TableColumn {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
  /** Longest cell; longer text wraps at words. */
  readonly width?: number;
}

/** A plain table for terminals: two spaces between columns, wrapped cells, no colours, safe text. Ends with a newline. */
export function renderTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) =>
    columns.map((column, index) =>
      wrap(
        cutText(terminalText(row[index] ?? ''), column.width === undefined ? MOST_CHARACTERS : Number.POSITIVE_INFINITY),
        column.width ?? Number.POSITIVE_INFINITY,
      ),
    ),
  );
  const widths = columns.map((column, index) => Math.max(width(column.title), ...cells.flatMap((row) => row[index]!.map(width))));
  const lines = [
    columns.map((column, index) => pad(column.title, widths[index]!, column.right)).join('  '),
    widths.map((length) => '─'.repeat(length)).join('  '),
  ];
  for (const row of cells) {
    const height = Math.max(...row.map((cell) => cell.length));
    for (let line = 0; line < height; line++) {
      lines.push(columns.map((column, index) => pad(row[index]![line] ?? '', widths[index]!, column.right)).join('  '));
    }
  }
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Characters, not UTF-16 units. */
function width(text: string): number {
  return [...text].length;
}

function pad(text: string, length: number, right = false): string {
  const space = ' '.repeat(Math.max(0, length - width(text)));
  return right ? space + text : text + space;
}

function wrap(text: string, limit: number): string[] {
  if (width(text) <= limit) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    for (const piece of chop(word, limit)) {
      if (line !== '' && width(line) + 1 + width(piece) > limit) {
        lines.push(line);
        line = piece;
      } else {
        line = line === '' ? piece : `${line} ${piece}`;
      }
    }
  }
  return [...lines, line];
}

function chop(word: string, limit: number): string[] {
  const characters = [...word];
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += limit) pieces.push(characters.slice(at, at + limit).join(''));
  return pieces.length === 0 ? [''] : pieces;
}
