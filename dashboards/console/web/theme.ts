export type Theme = 'dark' | 'light';
const KEY = 'cordon-theme';

/** The theme of the address (?theme=), else the one chosen before, else the system's. */
export function initialTheme(): Theme {
  const asked = new URLSearchParams(location.search).get('theme') ?? localStorage.getItem(KEY);
  if (asked === 'dark' || asked === 'light') return asked;
  return matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
}

export function rememberTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
}

/** A colour of the style sheet, for what is drawn on a canvas. */
export function themeColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Colours of series, told apart on both grounds and by the colour-blind in this order (after Okabe and Ito, with darker yellows). */
const PALETTE = ['#4C8DFF', '#E0752D', '#2FA37C', '#C15CCB', '#B8961C', '#31A9C4', '#D1546B', '#7C7FE0', '#7F9B3B', '#A8705A'];

export function seriesColour(index: number): string {
  return PALETTE[index % PALETTE.length]!;
}
