import { readFileSync } from 'node:fs';
import { exclusively } from '../../../flow/service/exclusively.js';
import { replaceFile, replaceFileSync } from '../../../flow/service/replace-file.js';
import { argumentsAtOnce } from '../../support/at-once-program.js';

/*
 * A process that writes the files of its first argument as others do at the same moment, as often as its second argument says:
 *   <folder>/whole     a hundred thousand times its number, replaced as a whole
 *   <folder>/private   its number, with the old one kept in <folder>/private.previous
 *   <folder>/count     a number that each adds one to
 */
const [number, folder, times] = argumentsAtOnce();
for (let time = 0; time < Number(times); time++) {
  await replaceFile(`${folder}/whole`, String(number).repeat(100_000));
  await replaceFile(`${folder}/private`, [String(number), '\n'], { mode: 0o600, previous: `${folder}/private.previous` });
  exclusively(`${folder}/count`, () => replaceFileSync(`${folder}/count`, String(Number(readFileSync(`${folder}/count`, 'utf8')) + 1)));
}
