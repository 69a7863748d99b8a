import { expect, test } from 'vitest';
import { communityId, displayFilter } from '../../../detector/report/community-id.js';

const web = { protocol: 6, source: '128.232.110.120', sourcePort: 34_855, destination: '66.35.250.204', destinationPort: 80 };
const reversed = { ...web, source: web.destination, sourcePort: 80, destination: web.source, destinationPort: 34_855 };

// The vectors that come with the specification's reference implementation (seed 0).
test.each([
  [web, '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
  [
    { protocol: 17, source: '192.168.1.52', sourcePort: 54_585, destination: '8.8.8.8', destinationPort: 53 },
    '1:d/FP5EW3wiY1vCndhwleRRKHowQ=',
  ],
])('%j is known by the id that other tools give it, from both ends', (exchange, id) => {
  expect(communityId(exchange)).toBe(id);
  const { source, sourcePort, destination, destinationPort } = exchange;
  expect(
    communityId({ ...exchange, source: destination, sourcePort: destinationPort, destination: source, destinationPort: sourcePort }),
  ).toBe(id);
});

test('what has no ports has no id here: the type and code of ICMP are not in an evidence row', () => {
  expect(communityId({ ...web, protocol: 1, sourcePort: 0, destinationPort: 0 })).toBe('');
});

test('the display filter finds both directions, and names ports where Wireshark has a field for them', () => {
  expect(displayFilter(web)).toBe('ip.addr == 128.232.110.120 && ip.addr == 66.35.250.204 && tcp.port == 34855 && tcp.port == 80');
  expect(displayFilter({ ...reversed, protocol: 1 })).toBe('ip.addr == 66.35.250.204 && ip.addr == 128.232.110.120');
  expect(displayFilter({ ...web, protocol: 17, source: '2001:db8::1', destination: '2001:db8::2' })).toBe(
    'ipv6.addr == 2001:db8::1 && ipv6.addr == 2001:db8::2 && udp.port == 34855 && udp.port == 80',
  );
});
