import type { NamedAsset } from '../../../detector/tools/skeleton.js';
import { UsageError } from '../../errors.js';

/** Equipment as the flag --asset names it: NAME=ADDRESS each. Throws UsageError. */
export function namedAssets(texts: readonly string[]): NamedAsset[] {
  return texts.map((text) => {
    const [name = '', address = ''] = text.split(/=(.*)/s);
    if (name === '' || address === '') throw new UsageError(`--asset ${text}: write NAME=ADDRESS, such as scan-1=10.40.10.11`);
    return { name, address };
  });
}

/** Gathers a flag that may be given several times; unlike a list, it does not swallow the files behind it. */
export function several(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
