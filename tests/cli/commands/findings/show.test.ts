import { expect, test } from 'vitest';
import { fileText } from '../../../../cli/commands/findings/show.js';
import type { Finding } from '../../../../detector/findings/finding.js';
import { findingOf } from '../../../detector/support/findings.js';

/* What is printed of a finding says what was counted, and nothing of what nobody has counted. */

const OPEN = { state: 'open', word: '', muted: false, why: '', decision: undefined } as const;
const textOf = (more: Partial<Finding>): string => fileText({ finding: findingOf(more), standing: OPEN, decisions: [], coverage: [] });

test('octets and packets are told where they were counted', () => {
  expect(textOf({ sessions: 2, records: 3, octetsOut: 900, packetsOut: 4, octetsIn: 0, packetsIn: 0 })).toContain(
    '2 connections, 3 records: 900 B in 4 packets out, 0 B in 0 packets in\n',
  );
});

test('a finding of who met whom, or of what was not there, is not said to hold no octets', () => {
  const text = textOf({ sessions: 4, records: 4, octetsOut: 0, packetsOut: 0, octetsIn: 0, packetsIn: 0 });
  expect(text).toContain('4 connections, 4 records\n');
  expect(text).not.toContain('packets');
});
