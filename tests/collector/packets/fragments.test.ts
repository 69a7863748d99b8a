import { expect, test } from 'vitest';
import { FRAGMENT_TIMEOUT_MS, FragmentPorts, MAX_FRAGMENTED_DATAGRAMS } from '../../../collector/packets/fragments.js';
import { PacketHeaders } from '../../../collector/packets/packet.js';

function first(identification: number, port = 53): PacketHeaders {
  return Object.assign(new PacketHeaders(), {
    source3: 1,
    destination3: 2,
    identification,
    protocol: 17,
    sourcePort: port,
    destinationPort: 514,
  });
}
function later(identification: number): PacketHeaders {
  return Object.assign(new PacketHeaders(), { source3: 1, destination3: 2, identification, protocol: 17, fragmentOffset: 1480 });
}

test('a later fragment gets the ports of its datagram, of another datagram none', () => {
  const ports = new FragmentPorts();
  ports.remember(first(1, 1000), 0);
  ports.remember(first(2, 2000), 0);
  const fragment = later(2);
  expect(ports.recall(fragment, 10)).toBe(true);
  expect([fragment.sourcePort, fragment.destinationPort]).toEqual([2000, 514]);
  expect(ports.recall(later(3), 10)).toBe(false);
  expect(ports.recall(Object.assign(later(1), { protocol: 6 }), 10)).toBe(false);
});

test('an identification that is used again after the timeout is another datagram', () => {
  const ports = new FragmentPorts();
  ports.remember(first(1), 0);
  expect(ports.recall(later(1), FRAGMENT_TIMEOUT_MS)).toBe(true);
  expect(ports.recall(later(1), FRAGMENT_TIMEOUT_MS + 1)).toBe(false);
});

test('it is bounded: with too many datagrams at once the oldest are forgotten, and said to be; after the timeout there is room', () => {
  const ports = new FragmentPorts();
  const most = MAX_FRAGMENTED_DATAGRAMS * 2;
  let forgotten = 0;
  for (let id = 0; id < most; id++) if (!ports.remember(first(id), id / 1000)) forgotten++;
  let kept = 0;
  for (let id = 0; id < most; id++) if (ports.recall(later(id), most / 1000)) kept++;
  expect(kept).toBeLessThanOrEqual(MAX_FRAGMENTED_DATAGRAMS);
  expect(kept + forgotten).toBe(most);
  expect(ports.remember(first(1), FRAGMENT_TIMEOUT_MS * 3)).toBe(true);
});
