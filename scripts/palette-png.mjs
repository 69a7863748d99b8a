// A PNG with at most 256 colours from one with millions: a third of the octets, and nobody sees it in a picture of a screen.
import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MOST_COLOURS = 256;

/** Takes 8-bit RGB or RGBA without interlacing, as browsers write it; transparency is dropped. */
export function palettePng(bytes) {
  const { width, height, channels, data } = decode(bytes);
  const counts = new Map();
  const colours = new Uint32Array(width * height);
  for (let at = 0, from = 0; at < colours.length; at++, from += channels) {
    const colour = (data[from] << 16) | (data[from + 1] << 8) | data[from + 2];
    colours[at] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const { palette, indexOf } = quantise(counts);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexOf.get(colours[y * width + x]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8); // 8 bits, palette
  const entries = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const image = deflateSync(rows, { level: 9, memLevel: 9 });
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('PLTE', entries), chunk('IDAT', image), chunk('IEND', Buffer.alloc(0))]);
}

/** Median cut: the box with most pixels times spread is cut at its middle until there are enough. */
function quantise(counts) {
  const boxOf = (colours) => {
    const range = [16, 8, 0].map((shift) => {
      const values = colours.map(([colour]) => (colour >> shift) & 255);
      return { shift, spread: values.reduce((a, b) => Math.max(a, b), 0) - values.reduce((a, b) => Math.min(a, b), 255) };
    });
    const widest = range.reduce((a, b) => (b.spread > a.spread ? b : a));
    // Pixels count by their root: a few coloured marks must not lose against a wide background.
    const weight = Math.sqrt(colours.reduce((sum, [, count]) => sum + count, 0)) * widest.spread;
    return { colours, shift: widest.shift, weight };
  };
  const boxes = [boxOf([...counts])];
  while (boxes.length < MOST_COLOURS) {
    const index = boxes.reduce((best, box, at) => (box.weight > boxes[best].weight ? at : best), 0);
    const { colours, shift, weight } = boxes[index];
    if (weight === 0) break;
    colours.sort(([a], [b]) => ((a >> shift) & 255) - ((b >> shift) & 255) || a - b);
    const low = (colours[0][0] >> shift) & 255;
    const middle = (low + ((colours.at(-1)[0] >> shift) & 255)) / 2;
    const cut = colours.findIndex(([colour]) => ((colour >> shift) & 255) > middle);
    boxes.splice(index, 1, boxOf(colours.slice(0, cut)), boxOf(colours.slice(cut)));
  }
  const indexOf = new Map();
  const palette = boxes.map(({ colours }, index) => {
    for (const [colour] of colours) indexOf.set(colour, index);
    // The colour that is there most often, as it is: flat areas stay exactly what they were.
    return colours.reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  });
  return { palette, indexOf };
}

function decode(bytes) {
  if (!bytes.subarray(0, 8).equals(SIGNATURE)) throw new Error('this is no PNG');
  const parts = [];
  let header;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = body;
    if (type === 'IDAT') parts.push(body);
    at += 12 + length;
  }
  const [width, height, depth, kind, , , interlaced] = [header.readUInt32BE(0), header.readUInt32BE(4), ...header.subarray(8)];
  if (depth !== 8 || (kind !== 2 && kind !== 6) || interlaced !== 0) throw new Error('only 8-bit RGB and RGBA without interlacing');
  const channels = kind === 2 ? 3 : 4;
  return { width, height, channels, data: unfilter(inflateSync(Buffer.concat(parts)), width * channels, height, channels) };
}

/** PNG §9: each row says how its octets were predicted from those to the left and above. */
function unfilter(raw, rowLength, height, step) {
  const data = Buffer.alloc(rowLength * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (rowLength + 1)];
    for (let x = 0; x < rowLength; x++) {
      const left = x >= step ? data[y * rowLength + x - step] : 0;
      const above = y > 0 ? data[(y - 1) * rowLength + x] : 0;
      const corner = x >= step && y > 0 ? data[(y - 1) * rowLength + x - step] : 0;
      const predicted = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter];
      data[y * rowLength + x] = raw[y * (rowLength + 1) + 1 + x] + predicted;
    }
  }
  return data;
}

function paeth(left, above, corner) {
  const estimate = left + above - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - above), Math.abs(estimate - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

function chunk(type, body) {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(body.length, 0);
  framed.set(named, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  let crc = value;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
