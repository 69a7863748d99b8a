import { cutText, visibleText } from '../../../flow/visible-text.js';

/** Characters of one text of telemetry, claims or people that a report shows. */
export const MOST_CHARACTERS = 2000;

/** HTML that we have written: the only thing that goes into a page as it is. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Shown = Html | string | number | readonly Html[];

/** A piece of a page. Values are text and are shown as such, whatever they hold; pieces of HTML, and lists of them, are taken as they are. */
export function html(parts: TemplateStringsArray, ...values: readonly Shown[]): Html {
  return new Html(parts.reduce((text, part, index) => text + (index === 0 ? '' : shown(values[index - 1]!)) + part, ''));
}

export const NOTHING = new Html('');

export function join(pieces: readonly Html[], between = ''): Html {
  return new Html(pieces.map(({ text }) => text).join(between));
}

function shown(value: Shown): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? escaped(value) : value.map(({ text }) => text).join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text for elements and attributes: controls visible, markup harmless, what is far too long cut. */
export function escaped(text: string): string {
  return cutText(visibleText(text), MOST_CHARACTERS).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Text of somebody else beside ours: letters that run from right to left keep their order to themselves. */
export function name(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}
