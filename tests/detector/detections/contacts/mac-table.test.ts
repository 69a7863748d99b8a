import { describe, expect, it } from 'vitest';
import { formatMac, isSharedMac } from '../../../../detector/detections/contacts/mac-table.js';

describe('MAC addresses', () => {
  it.each([
    [0x00005e000107, 'VRRP'],
    [0x00005e000201, 'VRRP for IPv6'],
    [0x00000c07ac05, 'HSRP'],
    [0x00000c9ff123, 'HSRP, version 2'],
    [0x0007b4000102, 'GLBP'],
    [0x01005e000001, 'multicast'],
    [0xffffffffffff, 'broadcast'],
  ])('%i moves from device to device by design: %s', (mac) => {
    expect(isSharedMac(mac)).toBe(true);
  });

  it.each([0x00005e100001, 0x00000c9e0001, 0x021100000011, 0xfcecda123456])('%i is a device’s own', (mac) => {
    expect(isSharedMac(mac)).toBe(false);
  });

  it('are written as people write them', () => {
    expect(formatMac(0x02115e000a01)).toBe('02:11:5e:00:0a:01');
    expect(formatMac(1)).toBe('00:00:00:00:00:01');
  });
});
