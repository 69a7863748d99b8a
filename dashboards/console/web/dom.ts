/** Elements without markup from text: every string becomes a text node, so nothing from the network is ever parsed as HTML. */

type Child = Node | string | undefined;
interface Attributes {
  readonly [name: string]: string | number | boolean | undefined;
}

/** Makes an element. `true` sets an empty attribute; undefined and false set none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes,
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== undefined) element.append(child);
  return element;
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** Says something to those who do not see the screen change. */
export function announce(sentence: string): void {
  byId('announcer').textContent = sentence;
}

/** A button that opens a box below it; a click elsewhere and Escape close it. */
export function dropdown(className: string, summary: Node, ...content: readonly Node[]): HTMLDetailsElement {
  const box = h('details', { class: `dropdown ${className}` }, h('summary', {}, summary), h('div', { class: 'dropdown-box' }, ...content));
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && box.open) {
      box.open = false;
      box.querySelector('summary')?.focus();
    }
  });
  return box;
}

document.addEventListener('pointerdown', (event) => {
  for (const box of document.querySelectorAll<HTMLDetailsElement>('details.dropdown[open]')) {
    if (!(event.target instanceof Node && box.contains(event.target))) box.open = false;
  }
});
