import type { FlowBatch } from '../../flow/batch.js';
import { LinkType } from '../packets/link-layer.js';
import { PacketHeaders, PacketStatus, Protocol } from '../packets/packet.js';
import { parsePacket } from '../packets/parse-packet.js';
import { MAX_TUNNELS, TunnelTable } from '../packets/tunnel-table.js';
import { writeWords } from '../packets/udp-payload.js';
import type { SectionField } from '../templates/template.js';
import { readUnsigned } from './bytes.js';
import type { MessageContext } from './message-context.js';
import type { RecordWalker } from './record-walker.js';

const ETHERNET_FRAMES = 1;

/** Longest packet that is believed, as in sFlow: one forged number must not become gigabytes. */
const MAX_PACKET_OCTETS = 1_048_576;

/**
 * Reads the beginnings of packets that records carry (RFC 5477 §8.5; RFC 7133: dataLinkFrameSection; type 104 of Cisco's NetFlow v9), as samples of sFlow
 * are read: one packet, its IP octets, its innermost addresses and ports.
 */
export class SectionReader {
  private readonly packet = new PacketHeaders();
  private readonly tunnels = new TunnelTable();
  private bytes: Uint8Array | undefined;
  private view: DataView = new DataView(new ArrayBuffer(0));

  /** Fills row `row` with what the packet says and the record does not. Answers a PacketStatus; only of `parsed` and `portsMissing` the row was filled. */
  fill({ bytes, into }: MessageContext, section: SectionField, walker: RecordWalker, row: number): number {
    const told = (field: number): number | undefined =>
      field < 0 ? undefined : readUnsigned(bytes, walker.offsets[field]!, walker.widths[field]!);
    if ((told(section.offset) ?? 0) !== 0) return PacketStatus.truncated;
    if ((told(section.frameType) ?? ETHERNET_FRAMES) !== ETHERNET_FRAMES) return PacketStatus.linkType;
    const width = walker.widths[section.field]!;
    const held = Math.min(width, told(section.exportedOctets) || width);
    const onLink = Math.min(MAX_PACKET_OCTETS, Math.max(held, told(section.frameSize) ?? 0));
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const linkType = section.isFrame ? LinkType.ethernet : LinkType.raw;
    const status = parsePacket(this.view, walker.offsets[section.field]!, held, onLink, linkType, this.packet);
    if (status !== PacketStatus.parsed && status !== PacketStatus.portsMissing) return status;
    writePacket(into, row, this.packet);
    if (this.packet.tunnelLength > 0) this.writeTunnel(into, row);
    return status;
  }

  /** Behind what the record itself told of labels and tags, which are outside. */
  private writeTunnel({ columns }: FlowBatch, row: number): void {
    const { tunnels } = this;
    if (tunnels.full) tunnels.retain(new Uint8Array(MAX_TUNNELS));
    const { codes, dictionary } = columns.tunnel;
    const outside = dictionary.name(codes[row]!);
    const inside = tunnels.text(tunnels.resolve(this.packet));
    codes[row] = dictionary.intern(outside === '' ? inside : `${outside}/${inside}`);
  }
}

function writePacket({ columns }: FlowBatch, row: number, packet: PacketHeaders): void {
  const { source0, source1, source2, source3, destination0, destination1, destination2, destination3 } = packet;
  writeWords(columns.sourceIPv6Address.bytes, row * 16, source0, source1, source2, source3);
  writeWords(columns.destinationIPv6Address.bytes, row * 16, destination0, destination1, destination2, destination3);
  const isIcmp = packet.protocol === Protocol.icmp || packet.protocol === Protocol.icmp6;
  columns.protocolIdentifier[row] = packet.protocol;
  columns.sourceTransportPort[row] = packet.sourcePort;
  columns.destinationTransportPort[row] = packet.destinationPort;
  columns.tcpControlBits[row] = packet.tcpFlags;
  columns.icmpTypeCode[row] = isIcmp ? packet.icmpType * 256 + packet.icmpCode : 0;
  columns.ipClassOfService[row] ||= packet.classOfService;
  columns.vlanId[row] ||= packet.vlanId;
  columns.octetDeltaCount[row] ||= packet.octets;
  columns.packetDeltaCount[row] ||= 1;
  columns.sourceMacAddress[row] ||= packet.sourceMacHigh * 2 ** 32 + (packet.sourceMacLow >>> 0);
  columns.destinationMacAddress[row] ||= packet.destinationMacHigh * 2 ** 32 + (packet.destinationMacLow >>> 0);
}
