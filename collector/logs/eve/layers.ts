import { formatAddress } from '../../../flow/address.js';
import { type JsonObject, objectOf, TextScratch, wholeOf } from '../json-line.js';
import type { LogRecord } from '../log-row.js';
import { readAddress } from '../text-fields.js';

const MAX_VLAN = 4095;
/** Suricata follows three tags (VLAN_MAX_LAYERS). */
const MAX_TAGS = 8;

/** Tunnels by the protocol that Suricata names for the outer packet, and over UDP by its port, in the words of the column `tunnel`. */
const KINDS: Readonly<Record<string, string>> = { gre: 'gre', ipv4: 'ipip', ipip: 'ipip', ipv6: '6in4' };
const UDP_KINDS: Readonly<Record<number, string>> = { 4789: 'vxlan', 6081: 'geneve', 2152: 'gtpu', 3544: 'teredo' };

/** Sets `vlanId` and `tunnel` from `vlan` (a list, outermost tag first; one number in old versions) and `tunnel`. False when a tag is none. */
export function createLayersReader(): (event: JsonObject, into: LogRecord) => boolean {
  const text = new TextScratch();
  const bytes = new Uint8Array(16);

  const address = (value: unknown): string => {
    text.set(value);
    return readAddress(text.bytes, 0, text.length, bytes, 0) ? formatAddress(bytes) : '';
  };

  function tunnelOf(outer: JsonObject): string {
    const [source, destination] = [address(outer.src_ip), address(outer.dest_ip)];
    const proto = typeof outer.proto === 'string' ? outer.proto.toLowerCase() : '';
    const kind = KINDS[proto] ?? (proto === 'udp' ? UDP_KINDS[Number(outer.dest_port)] : undefined);
    return source === '' || destination === '' || kind === undefined ? '' : `${kind} ${source}>${destination}`;
  }

  return (event, into) => {
    into.vlanId = 0;
    into.tunnel = '';
    if (event.vlan !== undefined) {
      const tags: readonly unknown[] = Array.isArray(event.vlan) ? event.vlan : [event.vlan];
      if (tags.length > MAX_TAGS) return false;
      for (let i = 0; i < tags.length; i++) {
        const tag = wholeOf(tags[i], MAX_VLAN);
        if (tag < 0) return false;
        if (i + 1 === tags.length) into.vlanId = tag;
        else into.tunnel += `${i > 0 ? '/' : ''}vlan ${tag}`;
      }
    }
    const outer = objectOf(event.tunnel);
    const tunnel = outer === undefined ? '' : tunnelOf(outer);
    if (tunnel !== '') into.tunnel += `${into.tunnel === '' ? '' : '/'}${tunnel}`;
    return true;
  };
}
