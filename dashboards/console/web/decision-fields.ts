import type { FindingAnswer } from '../model.js';
import { h } from './dom.js';
import { shorten, visible } from './text.js';

const WORDS = [
  ['noise', 'Noise', 'It means nothing: the same is muted until a date, also where it is stored already.'],
  ['expected', 'Expected', 'It is meant to be so: muted until a date, and its rule goes into a claim draft.'],
  ['incident', 'Incident', 'It is what it looks like: seen again, it is open again.'],
] as const;

const HOLDS = [
  ['7', '7 days'],
  ['30', '30 days'],
  ['90', '90 days'],
  ['365', '1 year'],
] as const;

/** What closing asks for beside reason and name. */
export interface CloseFields {
  readonly element: HTMLElement;
  /** Gets the focus first. */
  readonly first: HTMLElement;
  /** The parameters of the request. */
  values(): { as: string; days?: number; until?: string; widen?: readonly string[] };
  problem(): { readonly field: HTMLElement; readonly sentence: string } | undefined;
  /** Says what the scope is, once the finding is known. */
  describe(finding: FindingAnswer): void;
}

/** The word, until when it holds, and how much wider than the finding it reaches. */
export function closeFields(): CloseFields {
  // None is chosen beforehand: a mute must not be what happens when somebody only presses Enter.
  const words = WORDS.map(([value, name, meaning]) => {
    const input = h('input', { type: 'radio', name: 'as', value });
    return { input, element: h('label', { class: 'word' }, input, h('span', {}, h('strong', {}, name), h('small', {}, meaning))) };
  });
  const holds = h(
    'select',
    { name: 'days' },
    ...HOLDS.map(([days, name]) => h('option', { value: days }, name)),
    h('option', { value: '' }, 'until a date …'),
  );
  holds.value = '30';
  const until = h('input', { type: 'date', name: 'until', 'aria-label': 'Until the end of this day (UTC)' });
  until.hidden = true;
  const scope = createScope();
  const muting = h(
    'div',
    { class: 'muting' },
    h('div', { class: 'field' }, h('label', {}, h('span', {}, 'Holds for'), holds), until),
    scope.element,
  );
  muting.hidden = true;
  const chosen = (): string => words.find(({ input }) => input.checked)?.input.value ?? '';
  const mutes = (): boolean => chosen() !== '' && chosen() !== 'incident';
  for (const { input } of words) {
    input.addEventListener('change', () => {
      muting.hidden = !mutes();
    });
  }
  holds.addEventListener('change', () => {
    until.hidden = holds.value !== '';
    if (!until.hidden) until.focus();
  });
  return {
    element: h(
      'div',
      {},
      h('fieldset', { class: 'words' }, h('legend', {}, 'What it was'), ...words.map(({ element }) => element)),
      muting,
    ),
    first: words[0]!.input,
    values() {
      const as = chosen();
      if (!mutes()) return { as };
      const widen = scope.widen();
      return {
        as,
        ...(holds.value === '' ? { until: until.value } : { days: Number(holds.value) }),
        ...(widen.length === 0 ? {} : { widen }),
      };
    },
    problem() {
      if (chosen() === '') return { field: words[0]!.input, sentence: 'Choose what it was: noise, expected or incident.' };
      if (!mutes() || holds.value !== '') return undefined;
      if (until.value === '') return { field: until, sentence: 'Choose the day until which it holds.' };
      return Date.parse(until.value) + 86_400_000 > Date.now()
        ? undefined
        : { field: until, sentence: 'That day has passed; choose a later one.' };
    },
    describe: scope.describe,
  };
}

interface ScopeFields {
  readonly element: HTMLElement;
  widen(): readonly string[];
  describe(finding: FindingAnswer): void;
}

/** How far a mute reaches: this finding's own asset, peer, port and detection, or wider. */
function createScope(): ScopeFields {
  const select = (label: string, options: readonly (readonly [value: string, text: string])[]): HTMLSelectElement =>
    h('select', { 'aria-label': label }, ...options.map(([value, text]) => h('option', { value }, text)));
  const assets = select('Devices', [
    ['', 'this device'],
    ['fleet', 'every device of its fleet'],
  ]);
  const peers = select('Peers', [
    ['', 'this peer'],
    ['peerGroup', 'the network of the peer (/24, IPv6: /48)'],
    ['anyPeer', 'any peer'],
  ]);
  const ports = select('Ports', [
    ['', 'this port'],
    ['anyPort', 'any port'],
  ]);
  const kinds = select('Detections', [
    ['', 'this claim or detection'],
    ['anyDetection', 'whatever claim or detection speaks of it'],
  ]);
  const all = [assets, peers, ports, kinds];
  const summary = h('summary', {}, 'Mutes this finding’s own device, peer and port only');
  const update = (): void => {
    const wider = all.filter(({ value }) => value !== '').map((box) => box.selectedOptions[0]?.textContent ?? '');
    summary.textContent = wider.length === 0 ? 'Mutes this finding’s own device, peer and port only' : `Mutes wider: ${wider.join(', ')}`;
  };
  for (const box of all) box.addEventListener('change', update);
  return {
    element: h('details', { class: 'scope' }, summary, h('div', { class: 'scope-fields' }, ...all)),
    widen: () => all.map(({ value }) => value).filter((value) => value !== ''),
    describe({ asset, fleet, peerAddress, peerName, port, claim, detection }) {
      const name = (box: HTMLSelectElement, index: number, text: string): void => {
        const option = box.options[index];
        if (option !== undefined) option.textContent = visible(shorten(text, 60));
      };
      name(assets, 0, `only ${asset}`);
      name(assets, 1, `every device of ${fleet}`);
      name(peers, 0, peerAddress === '::' ? 'its peers' : `only ${peerAddress}${peerName === '' ? '' : ` (${peerName})`}`);
      name(ports, 0, port === 0 ? 'its ports' : `only port ${port}`);
      name(kinds, 0, `only ${claim === '' ? detection : claim}`);
      // A finding about no single peer has no network to widen to.
      if (peerAddress === '::') peers.options[1]?.remove();
      update();
    },
  };
}
