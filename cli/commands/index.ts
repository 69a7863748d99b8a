import type { CommandEntry } from './command-list.js';

/** The commands in the order in which the help tells them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    usage: 'run [options]',
    about: 'All in one process: collect, judge, store, and serve the console on loopback',
    load: async () => (await import('./run.js')).runCommand(),
  },
  {
    usage: 'collect [options]',
    about: 'Listen for flow exports and send flow records to Kafka (runs until it is stopped)',
    load: async () => (await import('./roles.js')).collectCommand(),
  },
  {
    usage: 'detect [options]',
    about: 'Judge flow records from Kafka and send findings back (runs until it is stopped)',
    load: async () => (await import('./roles.js')).detectCommand(),
  },
  {
    usage: 'store [options]',
    about: 'Write flow records, coverage and findings from Kafka to ClickHouse, and verdicts of the claims (runs until it is stopped)',
    load: async () => (await import('./roles.js')).storeCommand(),
  },
  {
    usage: 'decode [options] <file...>',
    about: 'Turn captures and flow exports into flow records on standard output',
    load: async () => (await import('./decode.js')).decodeCommand(),
  },
  {
    usage: 'replay [options] [file...]',
    about: 'Play files through the pipeline and print findings and verdicts',
    load: async () => (await import('./replay.js')).replayCommand(),
  },
  {
    usage: 'claims',
    about: 'Work on claim files: check, test, explain, compare, draft',
    load: async (operands) => (await import('./claims/claims.js')).claimsCommand(operands),
  },
  {
    usage: 'findings',
    about: 'Findings of the store: list, show, acknowledge, close; incidents, mutes and who decided what',
    load: async (operands) => (await import('./findings/findings.js')).findingsCommand(operands),
  },
  {
    usage: 'baseline',
    about: 'What assets have learned beyond the claims: list, show, approve',
    load: async (operands) => (await import('./baseline.js')).baselineCommand(operands),
  },
  {
    usage: 'verdict [options]',
    about: 'Judge the claims from what is stored: findings and coverage',
    load: async () => (await import('./verdict.js')).verdictCommand(),
  },
  {
    usage: 'report [options]',
    about:
      'One self-contained HTML file for auditors: claims, verdicts, what was not seen, violations with their evidence, who decided what',
    load: async () => (await import('./report.js')).reportCommand(),
  },
  {
    usage: 'drill [options] [name]',
    about: 'Send a drill: a registered harmless flow that shows that the chain works, and wait until the store has it',
    load: async () => (await import('./drill.js')).drillCommand(),
  },
  {
    usage: 'console [options]',
    about: 'Serve the console over a ClickHouse server, or over the folder that a replay has left (cordon run serves its own)',
    load: async () => (await import('./console.js')).consoleCommand(),
  },
  {
    usage: 'dashboards [options]',
    about: '(Re)generate the Grafana dashboards and alert rules from their definitions',
    load: async () => (await import('./tools.js')).dashboardsCommand(),
  },
  {
    usage: 'config [options]',
    about: 'Show the configuration in force',
    load: async () => (await import('./tools.js')).configCommand(),
  },
  {
    usage: 'doctor [options]',
    about: 'Look at configuration, machine, processes, exporters, Kafka and database; say what is wrong and what to do',
    load: async () => (await import('./doctor.js')).doctorCommand(),
  },
];
