import type { Frame, Panel } from '../model.js';

/** A finding marked on the time axis. */
export interface Mark {
  readonly atMs: number;
  readonly text: string;
  readonly colour: string;
}

/** What a panel is drawn from. */
export interface PanelData {
  readonly panel: Panel;
  readonly frame: Frame;
  readonly marks: readonly Mark[];
  /** The time range as it is chosen, for links that keep it. */
  readonly range: { readonly from: string; readonly to: string };
}

/** Draws into an empty box; returns how to take the drawing down, or undefined when there is nothing to show. */
export type DrawPanel = (box: HTMLElement, data: PanelData) => (() => void) | undefined;
