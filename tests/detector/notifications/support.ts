import type { Finding } from '../../../detector/findings/finding.js';
import { incidentsOf } from '../../../detector/incidents/incident.js';
import type { Notice } from '../../../detector/notifications/notice.js';
import { findingOf } from '../support/findings.js';

/** Names as an attacker would choose them: they would end a field, begin another, end the line, or be run by a web page. */
export const HOSTILE = 'x|CEF:0|a\\b=c cs1=forged\r\n<34>1 - - "]<script>alert(1)</script>\u202e\u0007é';

/** A notice of one incident made of these findings. */
export function noticeOf(...findings: readonly Partial<Finding>[]): Notice {
  const [incident] = incidentsOf((findings.length === 0 ? [{}] : findings).map((one) => findingOf(one)));
  return { id: 'n'.repeat(32), reason: 'new', incident: incident! };
}
