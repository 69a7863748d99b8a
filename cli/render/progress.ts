import { formatCount } from './text.js';

/** How often the line is drawn anew. */
const REDRAW_MS = 200;

/** One line on a terminal that tells how far a long work is; nothing where standard error is no terminal. */
export interface Progress {
  /** Adds to what has been done under a label. */
  add(label: string, count: number): void;
  /** Takes the line away, so that results stand alone. */
  end(): void;
}

export function createProgress(wanted: boolean, stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!wanted || !stream.isTTY) return { add: () => undefined, end: () => undefined };
  let current = '';
  let done = 0;
  let drawnAt = 0;
  return {
    add(label, count) {
      if (label !== current) {
        current = label;
        done = 0;
      }
      done += count;
      const now = performance.now();
      if (now - drawnAt < REDRAW_MS) return;
      drawnAt = now;
      stream.write(`\r\u001b[K${current.slice(-60)}: ${formatCount(done)}`);
    },
    end() {
      stream.write('\r\u001b[K');
    },
  };
}
