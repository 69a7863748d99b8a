import { FlowBatch } from '../../flow/batch.js';
import type { CompiledClaims } from '../claims/compiled.js';
import { ObservedRecord } from '../detections/observed-record.js';
import { ExchangeKinds, kindsOf } from '../sessions/exchange-kinds.js';
import { RowReader } from '../sessions/row-reader.js';
import { SessionTable } from '../sessions/session-table.js';

/** Sees rows as the engine's detections do: turned to the asset, with what the session has told. */
export interface Seer {
  /** A new record for the row, which is filed under an asset of the claims. */
  see(batch: FlowBatch, row: number): ObservedRecord;
}

export function createSeer(claims: CompiledClaims): Seer {
  const reader = new RowReader(claims, new FlowBatch(16));
  const sessions = new Map<number, SessionTable>();
  const kinds = new ExchangeKinds(kindsOf(1));
  let open: FlowBatch | undefined;
  return {
    see(batch, row) {
      if (batch !== open || row === 0) reader.open(batch);
      open = batch;
      const record = new ObservedRecord();
      record.asset = reader.assetOf(row);
      record.fleet = claims.assets[record.asset]!.fleet;
      const table = sessions.get(record.asset) ?? new SessionTable(() => undefined);
      sessions.set(record.asset, table);
      reader.read(row, table, kinds, record);
      reader.tell(record);
      return record;
    },
  };
}
