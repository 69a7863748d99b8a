/*
 * nfdump's files, layout 2 (nfdump 1.7; its nffileV2.h names the fields), in the byte order of the machine that wrote them:
 *
 *    0 │ magic a50c │ layout 2  │ nfdump version        │ created                                      │
 *   16 │ compression │ encryption │ appendix blocks │ creator │ offset of the appendix                │
 *   32 │ block size           │ data blocks           │
 *   40 │ block │ block │ … │ appendix blocks (names and totals)
 *
 *   block  0 │ records │ octets as stored │ type │ flags │ records
 */
export const MAGIC = 0xa50c;
export const FILE_HEADER_OCTETS = 40;
export const BLOCK_HEADER_OCTETS = 12;

/** Layouts by what wrote them; only 2 is read. */
export const LAYOUT_2 = 2;

/** Octets of a block, stored and unpacked: nfdump itself allocates 10 MiB. */
export const MAX_BLOCK_OCTETS = 16 * 1_048_576;

export const COMPRESSION = { none: 0, lzo: 1, bzip2: 2, lz4: 3, zstd: 4 } as const;
/** The block holds records of any type, each with its header; blocks of type 4 are arrays of other things (maps of networks). */
export const BLOCK_OF_RECORDS = 3;
export const BLOCK_UNCOMPRESSED = 1;

/** Types of records (nfdump's id.h). */
export const RecordType = {
  exporter: 7,
  exporterStatistics: 8,
  oldSampler: 9,
  flow: 11,
  interfaceNames: 13,
  vrfNames: 14,
  sampler: 15,
  ident: 0x8001,
  totals: 0x8002,
} as const;

/** Octets of a flow record's header: type, size, elements, engine type, engine id, exporter, flags, NetFlow version. */
export const FLOW_HEADER_OCTETS = 12;
export const ELEMENT_HEADER_OCTETS = 4;
/** Flags of a flow record. */
export const FLAG_SAMPLED = 2;

/** Elements of a flow record that are read (nfdump's nfxV3.h), with the octets that must at least be there, header included. */
export const Element = {
  genericFlow: { id: 1, octets: 52 },
  ipv4: { id: 2, octets: 12 },
  ipv6: { id: 3, octets: 36 },
  misc: { id: 4, octets: 16 },
  outCounters: { id: 5, octets: 28 },
  vlan: { id: 6, octets: 12 },
  as: { id: 7, octets: 12 },
  mpls: { id: 14, octets: 44 },
  mac: { id: 15, octets: 36 },
  sampler: { id: 18, octets: 12 },
  nsel: { id: 19, octets: 20 },
  xlateIPv4: { id: 20, octets: 12 },
  xlateIPv6: { id: 21, octets: 36 },
  xlatePorts: { id: 22, octets: 8 },
  nat: { id: 25, octets: 20 },
  tunnelIPv4: { id: 31, octets: 16 },
  tunnelIPv6: { id: 32, octets: 40 },
  vrf: { id: 36, octets: 12 },
  layer2: { id: 38, octets: 20 },
} as const;
export const MAX_ELEMENT_ID = 63;
