import type { DecisionSettings } from '../model.js';
import type { Deciding } from './decision-action.js';
import { openDecisionDialog } from './decision-dialog.js';
import { announce, h } from './dom.js';
import { visible } from './text.js';

/** How long a decision that was stored is shown for. */
const NOTICE_MS = 8000;

/** What panels need to offer decisions. */
export interface Decider {
  /** The sentence why nobody decides here; undefined where one may. */
  readonly why: string | undefined;
  /** Asks for the rest and decides; then the panels show the new state. */
  decide(finding: string, deciding: Deciding): void;
}

/** `reload` brings the panels up to date. */
export function createDecider(settings: DecisionSettings, reload: () => Promise<void>): Decider {
  return {
    why: settings.allowed ? undefined : settings.why,
    decide(finding, deciding) {
      if (!settings.allowed) {
        notify(settings.why);
        return;
      }
      openDecisionDialog({ finding, deciding, proof: settings.proof, onDecided: (sentence) => void reload().then(() => notify(sentence)) });
    },
  };
}

let timer: number | undefined;

/** A line at the foot of the page that goes by itself; it is told to those who do not see it. */
export function notify(sentence: string): void {
  document.querySelector('.notice')?.remove();
  clearTimeout(timer);
  const close = h('button', { type: 'button', class: 'notice-close', 'aria-label': 'Dismiss' }, '×');
  const box = h('div', { class: 'notice' }, h('span', {}, visible(sentence)), close);
  close.addEventListener('click', () => box.remove());
  document.body.append(box);
  announce(sentence);
  timer = window.setTimeout(() => box.remove(), NOTICE_MS);
}
