import { expect, test } from 'vitest';
import { createMetrics } from '../../../flow/service/metrics.js';
import { mergeMetrics } from '../../../flow/service/metrics-merge.js';

test('series of several processes are told apart, each family stands once, and what is no series is left out', () => {
  const own = '# HELP up whether\n# TYPE up gauge\nup 1\n\n# HELP own_total of ours\n# TYPE own_total counter\nown_total{a="b"} 2\n';
  const first =
    '# HELP up whether\n# TYPE up gauge\nup 1\n\n# HELP read_total datagrams\n# TYPE read_total counter\nread_total{code="x y",of="}"} 3e+9\n';
  const second =
    '# HELP up whether\n# TYPE up gauge\nup 0\nhttp error\n\n# HELP read_total datagrams\n# TYPE read_total counter\nread_total 4\n';
  expect(
    mergeMetrics(own, [
      { process: '1', text: first },
      { process: '2', text: second },
      { process: '3', text: '' },
    ]),
  ).toBe(`# HELP up whether
# TYPE up gauge
up 1
up{process="1"} 1
up{process="2"} 0

# HELP own_total of ours
# TYPE own_total counter
own_total{a="b"} 2

# HELP read_total datagrams
# TYPE read_total counter
read_total{code="x y",of="}",process="1"} 3e+9
read_total{process="2"} 4
`);
});

test('nothing of what our own metrics say is lost', async () => {
  const metrics = createMetrics();
  metrics.count('frames', 'frames', 3, { topic: 'flows' });
  metrics.gauge('lag', 'lag', Number.POSITIVE_INFINITY);
  const text = await metrics.text();
  const series = (of: string): number => of.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  const merged = mergeMetrics('', [{ process: '1', text }]);
  expect(series(merged)).toBe(series(text));
  expect(merged).toContain('cordon_frames_total{topic="flows",process="1"} 3');
});
