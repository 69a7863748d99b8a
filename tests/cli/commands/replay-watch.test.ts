import { beforeAll, describe, expect, test } from 'vitest';
import { freshDist } from '../../pipeline/support/dist.js';
import { command, scratchFolder } from '../support/command.js';

const scratch = scratchFolder();
const HEAD = [
  '#separator \\x09',
  '#set_separator\t,',
  '#empty_field\t(empty)',
  '#unset_field\t-',
  '#path\tconn',
  `#fields\t${['ts', 'uid', 'id.orig_h', 'id.orig_p', 'id.resp_h', 'id.resp_p', 'proto', 'service', 'duration', 'orig_bytes', 'resp_bytes', 'conn_state', 'missed_bytes', 'history', 'orig_pkts', 'orig_ip_bytes', 'resp_pkts', 'resp_ip_bytes'].join('\t')}`,
];

/** Two hosts that ask for the time; one of them calls an address outside every minute for three hours as well. */
function log(): string {
  const lines: string[] = [];
  const from = Date.parse('2026-12-03T08:00:00Z') / 1000;
  const line = (second: number, host: string, port: number, peer: string, to: number, protocol: string): void => {
    const tcp = protocol === 'tcp';
    lines.push(
      [
        second.toFixed(6),
        `C${lines.length}`,
        host,
        port,
        peer,
        to,
        protocol,
        '-',
        '0.5',
        200,
        300,
        'SF',
        0,
        tcp ? 'ShADadFf' : 'Dd',
        6,
        440,
        6,
        540,
      ].join('\t'),
    );
  };
  for (let minute = 0; minute < 180; minute++) {
    const second = from + minute * 60;
    line(second, '192.168.7.20', 40_000 + minute, '203.0.113.66', 8443, 'tcp');
    if (minute % 17 !== 0) continue;
    for (const host of ['192.168.7.20', '192.168.7.21']) line(second + 7, host, 123, '192.168.7.1', 123, 'udp');
  }
  return `${[...HEAD, ...lines].join('\n')}\n`;
}

beforeAll(freshDist);

describe('replay --watch: a capture and no claim file', () => {
  test('whoever sends inside the prefix is an asset, and detections judge', async () => {
    const { code, stdout, stderr } = await command(['replay', '--watch', '192.168.7.0/24', scratch.write('conn.log', log())]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/ beacon +192\.168\.7\.20 .*203\.0\.113\.66 on tcp\/8443 every 1 min/);
    // The time server answers, so it sends as well.
    expect(stdout).toContain('about 3 assets inside 192.168.7.0/24. Nothing is claimed of them, so nothing is proven.\n');
    expect(code).toBe(1);
  });

  test('findings are printed with what they have come to at the end, in the order of time; played slowly, as they appear too', async () => {
    const calls = 4800;
    const from = Date.parse('2026-12-03T09:00:00Z') / 1000;
    const lines = Array.from({ length: calls }, (_, call) => {
      const fields = [(from + call * 0.01).toFixed(6), `C${call}`, '192.168.7.20', 20_000 + call, '192.168.7.21', 502, 'tcp', '-'];
      return [...fields, '-', 0, 0, 'S0', 0, 'S', 1, 40, 0, 0].join('\t');
    });
    const file = scratch.write('calls.log', `${[...HEAD, ...lines].join('\n')}\n`);
    const atOnce = await command(['replay', '--watch', '192.168.7.20/32', file]);
    const [flood, tries, sum] = atOnce.stdout.trimEnd().split('\n');
    expect(flood).toMatch(/ high +flood +192\.168\.7\.20 .*flooded 192\.168\.7\.21 on tcp\/502 with 4[5-8]\d\d packets/);
    expect(tries).toContain(`tried ${calls} times within an hour`);
    expect(sum).toContain('2 findings about 1 assets');
    const slowly = await command(['replay', '--watch', '192.168.7.20/32', '--speed', '60x', file]);
    const [live, end] = slowly.stdout.split('\nAt the end:\n');
    expect(live).toContain(' flood ');
    expect(end).toBe(atOnce.stdout);
  });

  test('nothing found is exit 0, and as JSON there are no verdicts', async () => {
    const { code, stdout } = await command(['replay', '--watch', '198.51.100.0/24', '--json', scratch.write('other.log', log())]);
    expect(JSON.parse(stdout)).toEqual({ findings: [], verdicts: [] });
    expect(code).toBe(0);
  });

  test.each([
    [['--watch', '192.168.7.1/24'], /host bits set; write 192\.168\.7\.0\/24/],
    [['--watch', '192.168.7.0/24', '--claims', 'site.claims.yaml'], /leave out --claims/],
    [['--watch', '192.168.7.0/24', '--to', 'udp://127.0.0.1:2055'], /only sends/],
    [[], /or name what to look at with --watch/],
  ] as const)('%j is refused', async (flags, sentence) => {
    const { code, stderr } = await command(['replay', scratch.write('again.log', log()), ...flags]);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(4);
  });

  test('standard input cannot be read twice', async () => {
    const { code, stderr } = await command(['replay', '--watch', '192.168.7.0/24', '-']);
    expect(stderr).toContain('standard input can be read once only');
    expect(code).toBe(4);
  });
});
