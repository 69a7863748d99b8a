/** What a query ends with when it answers with the first rows of many: `LIMIT n`. Undefined for one that ends otherwise, `LIMIT n BY` included. */
export function rowLimit(sql: string): number | undefined {
  const limit = /\bLIMIT (\d+)\s*$/.exec(sql)?.[1];
  return limit === undefined ? undefined : Number(limit);
}
