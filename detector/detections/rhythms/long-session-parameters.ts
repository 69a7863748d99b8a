import type { ParameterTable } from '../detection.js';

export const LONG_SESSION_PARAMETERS = {
  leastHours: {
    default: 1,
    least: 1,
    most: 72,
    unit: 'hours that a session with a peer that no claim admits is open',
    reason: 'First step of the ladder of 1, 4, 12 and 24 hours and three days (detection.md D09).',
  },
  leastHoursWeb: {
    default: 4,
    least: 1,
    most: 72,
    unit: 'hours, where the asset began it on a port of the web (80, 443, 8080, 8443) or of notices (5222, 5223, 5228 to 5230, 8883, mail by IMAP on 143 and 993)',
    reason:
      'Push services of desktops and telephones hold such connections for an hour and two: eight in seven hours of one measured host.',
  },
  leastMinutesChat: {
    default: 10,
    least: 5,
    most: 4320,
    unit: 'minutes, where the asset began it with a peer outside on a port of Internet Relay Chat (6660 to 6669, 6697)',
    reason:
      'Botnets take their orders there (the sessions of CTU-13 last from minutes to a day); people sit in a channel, equipment has nothing to say in one.',
  },
  leastHoursRenewed: {
    default: 4,
    least: 1,
    most: 72,
    unit: 'hours that sessions with an outside peer that no claim admits, renewed within an hour, cover by two thirds and with hardly any traffic; 12 and more on a port of the web, never on one of notices',
    reason: 'A remote access that waits may be renewed by a timer: what covers half a working day is a stay.',
  },
  usualPeers: {
    default: 2,
    least: 1,
    most: 16,
    unit: 'peers with such sessions in a week, after which only the steps from twelve hours on are told of further ones',
    reason: 'Equipment has none or one; who has many of them is no closed equipment, and a list of them tells nobody more.',
  },
  leastHoursAdmitted: {
    default: 24,
    least: 1,
    most: 72,
    unit: 'hours that a session with an outside peer is open that a claim admits',
    reason: 'What a vendor is let in for is done within a day; what stands longer stands for its own sake.',
  },
  forgetDays: {
    default: 30,
    least: 1,
    most: 365,
    unit: 'days without such a session after which its steps are told again',
    reason: 'A standing connection that is known is not reported at each of its renewals.',
  },
} as const satisfies ParameterTable;
