import type { FindingAnswer, FindingStanding } from '../model.js';
import { ApiError, decide, getFinding } from './api.js';
import type { Deciding } from './decision-action.js';
import { type CloseFields, closeFields } from './decision-fields.js';
import { h } from './dom.js';
import { shorten, visible } from './text.js';
import { formatTime } from './units.js';

/** Where the name of whoever decides is remembered, in this browser alone. */
const AUTHOR_KEY = 'cordon-author';

const TITLES: Readonly<Record<Deciding, string>> = { acknowledge: 'Acknowledge', close: 'Close', reopen: 'Reopen' };
const MEANINGS: Readonly<Record<Deciding, string>> = {
  acknowledge: 'You look after it: it leaves the open ones, and comes back when it gets graver.',
  close: 'The word says what it was. Verdicts are about what was claimed and do not change by it.',
  reopen: 'It is open again, and mutes that closing it made end.',
};

export interface DecisionDialog {
  readonly finding: string;
  readonly deciding: Deciding;
  readonly proof: string;
  /** Called with what happened, once the decision is stored. */
  readonly onDecided: (sentence: string) => void;
}

/** Asks for name, reason and what else the decision needs, and sends it. Escape and Cancel leave without a decision; Enter sends. */
export function openDecisionDialog({ finding, deciding, proof, onDecided }: DecisionDialog): void {
  const about = h('div', { class: 'dialog-about', 'aria-live': 'polite' }, h('p', { class: 'hint' }, 'Reading how it stands…'));
  const close = deciding === 'close' ? closeFields() : undefined;
  const reason = h('input', { type: 'text', name: 'reason', maxlength: 300, autocomplete: 'off', required: true });
  const author = h('input', { type: 'text', name: 'author', maxlength: 100, autocomplete: 'name', required: true });
  author.value = localStorage.getItem(AUTHOR_KEY) ?? '';
  const problem = h('p', { class: 'problem', role: 'alert' });
  const send = h('button', { type: 'submit', class: 'button primary' }, deciding === 'close' ? 'Close finding' : TITLES[deciding]);
  const cancel = h('button', { type: 'button', class: 'button' }, 'Cancel');
  const form = h(
    'form',
    { class: 'dialog-form', novalidate: true },
    h('h2', { id: 'dialog-title' }, `${TITLES[deciding]} finding ${shorten(finding, 9)}`),
    h('p', { class: 'hint', id: 'dialog-meaning' }, MEANINGS[deciding]),
    about,
    close?.element,
    h('label', { class: 'field' }, h('span', {}, 'Why'), reason, h('small', { class: 'hint' }, 'One line, for those who read it later')),
    h(
      'label',
      { class: 'field' },
      h('span', {}, 'Your name'),
      author,
      h('small', { class: 'hint' }, 'Stands beside the decision in the trail; this browser remembers it'),
    ),
    problem,
    h('div', { class: 'dialog-buttons' }, cancel, send),
  );
  const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title', 'aria-describedby': 'dialog-meaning' }, form);
  const opener = document.activeElement;

  const leave = (): void => {
    dialog.close();
    dialog.remove();
    if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
  };
  cancel.addEventListener('click', leave);
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    leave();
  });
  // A click beside the box leaves only an empty form: what was typed is not thrown away by a slip.
  dialog.addEventListener('pointerdown', (event) => {
    if (event.target === dialog && reason.value === '') leave();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const missing = firstMissing(reason, author, close);
    problem.textContent = missing?.sentence ?? '';
    if (missing !== undefined) {
      missing.field.setAttribute('aria-invalid', 'true');
      missing.field.focus();
      return;
    }
    send.disabled = true;
    localStorage.setItem(AUTHOR_KEY, author.value.trim());
    decide(finding, deciding, { reason: reason.value, author: author.value, ...close?.values() }, proof).then(
      ({ standing, draft }) => {
        leave();
        onDecided(
          `Finding ${shorten(finding, 9)} is ${standingText(standing)}.${draft === undefined ? '' : ` Its rule is in the draft ${draft}; a person takes it over.`}`,
        );
      },
      (error: unknown) => {
        send.disabled = false;
        problem.textContent = visible(error instanceof ApiError ? error.message : 'The decision could not be sent. Reload the page.');
      },
    );
  });
  getFinding(finding).then(
    (found) => {
      about.replaceChildren(...aboutFinding(found));
      close?.describe(found);
    },
    (error: unknown) => {
      about.replaceChildren(h('p', { class: 'problem' }, visible(error instanceof ApiError ? error.message : String(error))));
    },
  );
  document.body.append(dialog);
  dialog.showModal();
  (close?.first ?? reason).focus();
}

function firstMissing(
  reason: HTMLInputElement,
  author: HTMLInputElement,
  close: CloseFields | undefined,
): { readonly field: HTMLElement; readonly sentence: string } | undefined {
  const problem = close?.problem();
  if (problem !== undefined) return problem;
  if (reason.value.trim() === '') return { field: reason, sentence: 'A decision needs a reason: write why, in one line.' };
  if (author.value.trim() === '') return { field: author, sentence: 'A decision needs a name: write yours.' };
  return undefined;
}

function aboutFinding({ severity, asset, sentence, standing }: FindingAnswer): Node[] {
  return [
    h(
      'p',
      {},
      h('strong', {}, visible(severity)),
      ' on ',
      h('strong', { dir: 'auto' }, visible(shorten(asset, 80))),
      `, ${visible(standingText(standing))}`,
    ),
    h('p', { class: 'dialog-sentence', dir: 'auto' }, visible(shorten(sentence, 400))),
  ];
}

/** 'closed as noise by eve until 2026-12-24 00:00:00 UTC', 'open, reopened'. */
export function standingText({ state, word, muted, why, by }: FindingStanding): string {
  if (by === undefined || state === 'open') return why === '' ? state : `${state}, ${why}`;
  const until = by.untilMs === 0 ? '' : ` until ${formatTime(by.untilMs)} UTC`;
  return `${state}${word === '' ? '' : ` as ${word}`} by ${by.author}${until}${muted ? ' with a mute on another finding' : ''}`;
}
