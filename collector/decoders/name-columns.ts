import type { FlowBatch } from '../../flow/batch.js';
import type { SymbolArray } from '../../flow/column-kinds.js';
import type { NameTable } from '../templates/names.js';

/** Gives rows from `first` on the names that options records told for their interfaces; a name that a record itself told stays. */
export function nameInterfaces({ columns, length }: FlowBatch, first: number, names: NameTable): void {
  nameColumn(columns.ingressInterfaceName, columns.ingressInterface, first, length, names);
  nameColumn(columns.egressInterfaceName, columns.egressInterface, first, length, names);
}

function nameColumn({ codes, dictionary }: SymbolArray, interfaces: Uint32Array, first: number, to: number, names: NameTable): void {
  let index = -1;
  let code = 0;
  for (let row = first; row < to; row++) {
    if (interfaces[row] !== index) {
      index = interfaces[row]!;
      code = dictionary.intern(names.of(index));
    }
    if (codes[row] === 0) codes[row] = code;
  }
}

/** The VRF a row belongs to: its name where options records told it, else its number; 0 is the table that is no VRF. */
export function nameVrfs({ columns, length }: FlowBatch, first: number, ids: Float64Array, names: NameTable): void {
  const { codes, dictionary } = columns.vrfName;
  let id = -1;
  let code = 0;
  for (let row = first; row < length; row++) {
    if (ids[row] !== id) {
      id = ids[row]!;
      code = dictionary.intern(names.of(id) || (id === 0 ? '' : `vrf ${id}`));
    }
    if (codes[row] === 0) codes[row] = code;
  }
}

/** The application that the exporter recognised, where options records told its name (RFC 6759 §4): its number alone means nothing without the exporter's list. */
export function nameApplications({ columns, length }: FlowBatch, first: number, ids: Float64Array, names: NameTable): void {
  const { codes, dictionary } = columns.applicationName;
  let id = -1;
  let code = 0;
  for (let row = first; row < length; row++) {
    if (ids[row] !== id) {
      id = ids[row]!;
      code = dictionary.intern(names.of(id));
    }
    if (codes[row] === 0) codes[row] = code;
  }
}
