import { createExportDecoder, DECODERS } from '../../../collector/decoders/decoders-table.js';
import { createElementListener } from '../../../collector/decoders/element-records.js';
import { createElementRegistry } from '../../../collector/templates/element-registry.js';
import { DEFAULT_TEMPLATE_LIMITS } from '../../../collector/templates/limits.js';
import { describeDecoder } from '../../conformance/decoder.js';
import { set } from './build-bytes.js';
import { ipfix } from './build-ipfix.js';
import { netflow9 } from './build-netflow9.js';
import { DATA9, record10, SFLOW, V1, V5, V7, V9, V10 } from './samples.js';

describeDecoder({
  name: 'netflow1',
  create: () => DECODERS.netflow1({}),
  payloads: V1,
  rows: 3,
  octetsPerRow: 48,
});
describeDecoder({
  name: 'netflow7',
  create: () => DECODERS.netflow7({}),
  payloads: V7,
  rows: 3,
  octetsPerRow: 52,
});
describeDecoder({ name: 'sflow5', create: () => DECODERS.sflow5(), payloads: SFLOW, rows: 6, octetsPerRow: 80 });
describeDecoder({ name: 'netflow5', create: () => DECODERS.netflow5({}), payloads: V5, rows: 4, octetsPerRow: 48 });
describeDecoder({
  name: 'netflow9',
  create: () => DECODERS.netflow9({}),
  payloads: V9,
  rows: 2,
  withoutTemplate: netflow9([DATA9], { count: 2 }),
  octetsPerRow: 1,
});
describeDecoder({
  name: 'ipfix',
  create: () => DECODERS.ipfix({}),
  payloads: V10,
  rows: 4,
  withoutTemplate: ipfix([set(300, [record10(1)])]),
  octetsPerRow: 1,
});
describeDecoder({
  name: 'any export format',
  create: () => createExportDecoder(),
  payloads: [V5[1]!, ...V9],
  rows: 3,
  withoutTemplate: ipfix([set(300, [record10(1)])]),
  octetsPerRow: 1,
});

/** The slow path that reads every element sees the same octets: it must be as hard to upset. */
const everything = createElementListener({
  registry: createElementRegistry(),
  maxFieldsPerTemplate: DEFAULT_TEMPLATE_LIMITS.maxFieldsPerTemplate,
  emit: (record) => void JSON.stringify(record),
  withTemplates: true,
});
describeDecoder({
  name: 'ipfix, all elements',
  create: () => DECODERS.ipfix({ listener: everything }),
  payloads: V10,
  rows: 4,
  octetsPerRow: 1,
});
