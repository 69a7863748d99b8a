import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/*
 * What the recorded day is in, softflowd's NetFlow v5 in a classic pcap, little-endian:
 *
 *   file    24 octets of header, then packets
 *   packet  u32 seconds · u32 microseconds · u32 length · u32 length on the wire · Ethernet 14 · IPv4 20 · UDP 8 · v5 header 24 · n × 48
 *   v5      u16 version · u16 count · u32 sysUpTime · u32 unix_secs · u32 unix_nsecs · u32 flow_sequence · …      (header)
 *           u32 srcaddr · u32 dstaddr · …                                                                          (record)
 */
const FILE_HEADER = 24;
const PACKET_HEADER = 16;
const UDP_CHECKSUM = 14 + 20 + 6;
const V5 = 14 + 20 + 8;
const V5_HEADER = 24;
const V5_RECORD = 48;

const DAY_S = 86_400;
/** Every third day scan-mv-01 asks scan-mv-02 for the time, not the server: traffic between two assets, so that there are mirror rows. */
const LATERAL_EVERY_DAYS = 3;
const SCANNER_1 = 0x0a280a0b;
const SCANNER_2 = 0x0a280a0c;
const TIME_SERVER = 0x0a28017b;

/** Writes the recorded day `days` times, one day after another, with the sequence numbers that one exporter would have counted. */
export function writeLongCapture(source: string, target: string, days: number): void {
  const day = gunzipSync(readFileSync(source));
  const packets = packetsOf(day);
  const flows = packets.reduce((sum, at) => sum + day.readUInt16BE(at + PACKET_HEADER + V5 + 2), 0);
  const parts: Buffer[] = [day.subarray(0, FILE_HEADER)];
  for (let index = 0; index < days; index++) {
    const copy = Buffer.from(day);
    for (const at of packets) shift(copy, at, index, flows);
    parts.push(copy.subarray(FILE_HEADER));
  }
  writeFileSync(target, Buffer.concat(parts));
}

function packetsOf(file: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = FILE_HEADER; at < file.length; at += PACKET_HEADER + file.readUInt32LE(at + 8)) offsets.push(at);
  return offsets;
}

function shift(file: Buffer, at: number, days: number, flowsOfADay: number): void {
  const frame = at + PACKET_HEADER;
  file.writeUInt32LE(file.readUInt32LE(at) + days * DAY_S, at);
  file.writeUInt16BE(0, frame + UDP_CHECKSUM); // none
  const v5 = frame + V5;
  file.writeUInt32BE(file.readUInt32BE(v5 + 8) + days * DAY_S, v5 + 8);
  file.writeUInt32BE(file.readUInt32BE(v5 + 16) + days * flowsOfADay, v5 + 16);
  if (days % LATERAL_EVERY_DAYS !== LATERAL_EVERY_DAYS - 1) return;
  for (let flow = 0; flow < file.readUInt16BE(v5 + 2); flow++) {
    const record = v5 + V5_HEADER + flow * V5_RECORD;
    for (const [one, other] of [
      [record, record + 4],
      [record + 4, record],
    ] as const) {
      if (file.readUInt32BE(one) === SCANNER_1 && file.readUInt32BE(other) === TIME_SERVER) file.writeUInt32BE(SCANNER_2, other);
    }
  }
}
