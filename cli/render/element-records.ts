import { once } from 'node:events';
import type { ElementRecord } from '../../collector/decoders/element-records.js';

/** Text that may wait before the reader of standard output is waited for. */
const BLOCK_CHARACTERS = 1_048_576;

/** Records with all their elements as JSON lines: one object a record. */
export interface ElementLines {
  add(record: ElementRecord): void;
  /** Writes what was added, once it is much. */
  flush(): Promise<void>;
  /** Writes what is left. */
  end(): Promise<void>;
}

export function createElementLines(): ElementLines {
  let text = '';
  const write = async (): Promise<void> => {
    const block = text;
    text = '';
    if (block !== '' && !process.stdout.write(block)) await once(process.stdout, 'drain');
  };
  return {
    add(record) {
      text += `${JSON.stringify(record)}\n`;
    },
    async flush() {
      if (text.length >= BLOCK_CHARACTERS) await write();
    },
    end: write,
  };
}
