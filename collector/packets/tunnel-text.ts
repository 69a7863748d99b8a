import { formatAddress } from '../../flow/address.js';
import { hasDetail, hasEndpoints, kindOf, layerWords, TunnelKind } from './tunnel-layers.js';
import { writeWords } from './udp-payload.js';

/** How a kind is called, and what its detail is. */
const NAMES: Readonly<Record<number, readonly [name: string, detail: string]>> = {
  [TunnelKind.vlan]: ['vlan', ''],
  [TunnelKind.mpls]: ['mpls', ''],
  [TunnelKind.pppoe]: ['pppoe', ''],
  [TunnelKind.pbb]: ['pbb', ''],
  [TunnelKind.gre]: ['gre', 'key'],
  [TunnelKind.pptp]: ['pptp', 'call'],
  [TunnelKind.ipip]: ['ipip', ''],
  [TunnelKind.sixInFour]: ['6in4', ''],
  [TunnelKind.fourInSix]: ['4in6', ''],
  [TunnelKind.etherIp]: ['etherip', ''],
  [TunnelKind.mplsInIp]: ['mplsip', ''],
  [TunnelKind.vxlan]: ['vxlan', 'vni'],
  [TunnelKind.geneve]: ['geneve', 'vni'],
  [TunnelKind.erspan]: ['erspan', 'id'],
  [TunnelKind.gtpu]: ['gtpu', 'teid'],
  [TunnelKind.teredo]: ['teredo', ''],
  [TunnelKind.l2tp]: ['l2tp', 'session'],
  [TunnelKind.lisp]: ['lisp', 'iid'],
  [TunnelKind.tzsp]: ['tzsp', ''],
  [TunnelKind.srv6]: ['srv6', ''],
};

/** Layers as the column `tunnel` shows them, such as `vlan 100/gre 192.0.2.1>198.51.100.2 key 5`. Made once per tunnel, not per packet. */
export function tunnelText(words: Int32Array): string {
  const layers: string[] = [];
  for (let at = 0; at < words.length; at += layerWords(words[at]!)) layers.push(layerText(words, at));
  return layers.join('/');
}

function layerText(words: Int32Array, at: number): string {
  const word = words[at]!;
  const [name, detailName] = NAMES[kindOf(word)]!;
  const endpoints = hasEndpoints(word) ? ` ${addressText(words, at + 2)}>${addressText(words, at + 6)}` : '';
  if (!hasDetail(word)) return name + endpoints;
  return `${name}${endpoints}${detailName === '' ? '' : ` ${detailName}`} ${words[at + 1]! >>> 0}`;
}

function addressText(words: Int32Array, at: number): string {
  const bytes = new Uint8Array(16);
  writeWords(bytes, 0, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  return formatAddress(bytes);
}
