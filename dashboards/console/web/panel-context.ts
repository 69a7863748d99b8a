import type { Frame, Panel, Selection } from '../model.js';
import type { Decider } from './decider.js';
import type { TableMemory } from './table-memory.js';

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
  /** The time range, the refresh and the variables that are not All, for links that keep them. */
  readonly range: { readonly from: string; readonly to: string; readonly refresh: string; readonly variables: Selection };
  readonly decider: Decider;
  /** What the person had done to the table before it was drawn anew. */
  readonly memory: TableMemory;
}

/** Draws into an empty box; returns how to take the drawing down, or undefined when there is nothing to show. */
export type DrawPanel = (box: HTMLElement, data: PanelData) => (() => void) | undefined;
