/** What outlives a redrawing of a table: a refresh must not throw away how somebody had sorted it, which rows were open and where the focus stood. */
export interface TableMemory {
  sort: { readonly column: string; readonly down: boolean } | undefined;
  /** Keys of rows that are unfolded. */
  readonly open: Set<string>;
  scrollTop: number;
  /** The row that the arrows move from. */
  current: { readonly key: string; readonly index: number } | undefined;
  /** True while the row, or something in it, has the focus. */
  focused: boolean;
}

export function createTableMemory(): TableMemory {
  return { sort: undefined, open: new Set(), scrollTop: 0, current: undefined, focused: false };
}
