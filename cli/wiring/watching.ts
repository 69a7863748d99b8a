import { createCollector } from '../../collector/collector.js';
import { inReadingOrder, readFileInto } from '../../collector/files.js';
import { SenderList, watchedClaims } from '../../detector/tools/watched.js';
import { AddressError, formatAddress, type Prefix, parsePrefix } from '../../flow/address.js';
import { WatchList } from '../../flow/watch-list.js';
import { UsageError } from '../errors.js';
import type { ClaimSets } from './claim-sets.js';
import type { ReplayInput } from './inputs.js';

/** Name that telemetry without a claim file goes under. */
const SENSOR = 'capture';

/**
 * An inventory made on the fly, for `replay --watch`: the files are read once to see who sends inside the prefixes, and each of these becomes an asset.
 * Addresses that never send are none: a scan would make ghosts of a whole network. Throws UsageError.
 */
export async function watchedSets(texts: readonly string[], inputs: readonly ReplayInput[]): Promise<ClaimSets> {
  const prefixes = texts.map(prefixOf);
  if (inputs.some(({ path }) => path === '-'))
    throw new UsageError('--watch reads the files twice, and standard input can be read once only; name a file, or write a claim file');
  const senders = new SenderList(prefixes);
  const collector = createCollector({
    flows: {
      async write(batch) {
        const { sourceIPv6Address, destinationIPv6Address, packetDeltaCount, reversePacketDeltaCount } = batch.columns;
        for (let row = 0; row < batch.length; row++) {
          if (packetDeltaCount[row]! > 0) senders.add(sourceIPv6Address.bytes, row * 16, formatAddress);
          if (reversePacketDeltaCount[row]! > 0) senders.add(destinationIPv6Address.bytes, row * 16, formatAddress);
        }
        return { produced: batch.length, unwatched: 0 };
      },
      flush: async () => undefined,
    },
    coverage: async () => undefined,
  });
  for (const input of await inReadingOrder(inputs)) await readFileInto(collector, { ...input, sensor: SENSOR });
  await collector.flush();
  const claims = watchedClaims({ prefixes, addresses: senders.addresses, more: senders.more, sensor: SENSOR });
  return { sets: [claims], watchList: new WatchList(claims.watchList.assets) };
}

function prefixOf(text: string): Prefix {
  try {
    return parsePrefix(text);
  } catch (error) {
    if (error instanceof AddressError) throw new UsageError(`--watch: ${error.message}`);
    throw error;
  }
}
