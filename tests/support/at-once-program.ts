/** For programs of `runAtOnce`: waits until the moment has come; answers the number of this process and its further arguments. */
export function argumentsAtOnce(): [number: number, ...args: string[]] {
  const [at, number, ...args] = process.argv.slice(2);
  while (Date.now() < Number(at));
  return [Number(number), ...args];
}
