import { NativeWriter } from '../../../flow/native/writer.js';

/*
 * clickhouse-go, inside Grafana's plugin, greets with `SELECT displayName(), version(), revision(), timezone()` and decodes the answer by the
 * protocol revision of its own URL; whatever revision the answer names, it uses from then on. We name 0, and chdb's revision-0
 * Native blocks can be passed on unread (ClickHouse/clickhouse-go conn_http.go; lib/proto/block.go).
 *
 *   block at revision R := BlockInfo (R > 0) , uvarint columns, uvarint rows, column{columns}
 *   BlockInfo := 01 is_overflows:u8  02 bucket_num:i32  00
 *   column    := string name, string type, has_custom_serialization:u8 (R ≥ 54454), values
 */
const HELLO = /^\s*SELECT\s+displayName\(\)\s*,\s*version\(\)\s*,\s*revision\(\)\s*,\s*timezone\(\)\s*;?\s*$/i;
const CUSTOM_SERIALIZATION_REVISION = 54_454;
const BLOCK_INFO = Uint8Array.of(0x01, 0x00, 0x02, 0xff, 0xff, 0xff, 0xff, 0x00);

export function isHello(sql: string): boolean {
  return HELLO.test(sql);
}

/** The answer to the greeting, for a client of protocol revision `revision`. */
export function helloBlock(version: string, revision: number): Uint8Array {
  const writer = new NativeWriter(256);
  if (revision > 0) writer.raw(BLOCK_INFO);
  writer.uvarint(4);
  writer.uvarint(1);
  const column = (name: string, type: string) => {
    writer.text(name);
    writer.text(type);
    if (revision >= CUSTOM_SERIALIZATION_REVISION) writer.raw(Uint8Array.of(0));
  };
  column('displayName()', 'String');
  writer.text('cordon');
  column('version()', 'String');
  writer.text(version);
  column('revision()', 'UInt32');
  writer.raw(new Uint8Array(4));
  column('timezone()', 'String');
  writer.text('UTC');
  return writer.copy();
}
