import { expect, test } from 'vitest';
import { cleanName, MAX_NAME_CHARACTERS } from '../../../collector/names/clean-name.js';
import { HOSTILE_NAMES, UNSHOWABLE } from '../../support/hostile-names.js';

/** Names in DNS answers are anybody's: what is kept of them is one word of printable ASCII, so that lists of them stay lists wherever they are shown. */
test.each(HOSTILE_NAMES)('an answer that tries $tries is no name, or one harmless word', ({ text }) => {
  for (const given of [text, `${text}.`, `a.${text}.example`]) {
    const kept = cleanName(given);
    if (kept === undefined) continue;
    expect(kept.length).toBeLessThanOrEqual(MAX_NAME_CHARACTERS);
    expect(kept).toMatch(/^[!-+\--~]+$/);
    expect(kept).not.toMatch(UNSHOWABLE);
  }
});

test('markup without a space is a name all the same: it is for screens to show it as text', () => {
  expect(HOSTILE_NAMES.map(({ text }) => cleanName(text)).filter((name) => name !== undefined)).toContain(
    "<script>document.title='owned'</script>",
  );
});
