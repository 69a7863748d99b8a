/** What is said of a recording that ends too early: whoever reads results of it must know. */
export function cutSentence(path: string): string {
  const what = path === '-' ? 'standard input' : `'${path}'`;
  return `${what} is cut off or damaged: what stands before that place was read, the rest is missing; copy the file again, or let the recorder end first`;
}
