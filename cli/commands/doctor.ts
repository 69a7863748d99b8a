import { Command } from 'commander';
import { loadClaims } from '../../detector/claims/load.js';
import type { LookupFiles } from '../../detector/claims/location/location.js';
import type { Config } from '../../flow/service/config.js';
import { createLog, type Log } from '../../flow/service/log.js';
import type { Check, CheckState } from '../doctor/check.js';
import { examineClaims, examineConfiguration } from '../doctor/configuration.js';
import { examineDatabase } from '../doctor/database.js';
import { allWell, examineCollector, examineExporter, examineMissing, examineStored } from '../doctor/exporters.js';
import { examineLogs } from '../doctor/logs.js';
import { examineMachine } from '../doctor/machine.js';
import { examinePorts } from '../doctor/ports.js';
import { examineProcesses } from '../doctor/processes.js';
import { exporterTable, renderChecks, storedTable } from '../doctor/render.js';
import { Exit } from '../errors.js';
import { EXIT } from '../exit-codes.js';
import type { ProcessStatus } from '../wiring/process-status.js';
import { type CommonFlags, commonSettings, type Settings, withCommonFlags } from './common.js';

interface DoctorFlags extends CommonFlags {
  status?: string[];
  json?: boolean;
}

/** `cordon doctor`: what is configured, reachable, lost, late, and what to do. */
export function doctorCommand(): Command {
  return withCommonFlags(
    new Command('doctor')
      .option(
        '--status <url...>',
        'processes to ask beside those of --data and the configured metrics port: http://host:port of their metrics',
      )
      .option('--json', 'everything that was found, as JSON'),
  )
    .addHelpText(
      'after',
      `
Exporters are told from the running collector, counted since its start; where none runs, from the ledger of the last day. Nothing is changed.

Exit codes: 0 all is well · 1 something is wrong · 2 it cannot be told, because no process answers · 4 wrong usage or configuration.`,
    )
    .action(async (flags: DoctorFlags) => {
      await doctor(flags);
    });
}

async function doctor(flags: DoctorFlags): Promise<void> {
  const settings = commonSettings(flags, 'error');
  const { config, origins } = settings;
  const log = createLog(config.logLevel, 'doctor');
  const nowMs = Date.now();
  const { checks: processChecks, running } = await examineProcesses(config, flags.status ?? []);
  const [machine, ports, logs, kafka, database] = await Promise.all([
    examineMachine(config),
    examinePorts(config, running),
    examineLogs(config, nowMs),
    examineBrokers(config, log),
    examineDatabase(config, running, nowMs),
  ]);
  const collectors = running.filter(({ collector }) => collector !== undefined);
  const exporters = collectors.flatMap(({ collector }) => collector!.exporters);
  const checks = [
    ...examineConfiguration(config, origins),
    ...examineClaims(config),
    ...machine,
    ...ports,
    ...processChecks,
    ...(collectors.length > 0 ? liveChecks(collectors, settings) : examineStored(database.exporters)),
    ...logs,
    ...kafka,
    ...database.checks,
  ];
  if (flags.json === true) {
    const answer = { checks, exporters, storedExporters: database.exporters ?? null, processes: running };
    process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
  } else {
    const table =
      exporters.length > 0
        ? exporterTable(exporters, nowMs)
        : collectors.length === 0 && database.exporters !== undefined && database.exporters.length > 0
          ? storedTable(database.exporters, nowMs)
          : '';
    process.stdout.write(renderChecks(checks, { exporters: table }));
    process.stdout.write(conclusion(checks));
  }
  const code = exitOf(checks);
  if (code !== EXIT.ok) throw new Exit(code);
}

/** Nothing where no broker is configured: everything is in one process then, and the client of Kafka, which is large, is not loaded. */
async function examineBrokers(config: Config, log: Log): Promise<Check[]> {
  return config.kafka.brokers.length === 0 ? [] : (await import('../doctor/kafka.js')).examineKafka(config, log);
}

/** Times of an exporter are by its collector's clock, which need not be on this machine. */
function liveChecks(collectors: readonly ProcessStatus[], { config, approvals }: Settings): Check[] {
  const lines = collectors.flatMap(({ collector }) => collector!.exporters);
  const checks = [
    ...collectors.flatMap(({ collector }) => examineCollector(collector!)),
    ...collectors.flatMap(({ collector, nowMs }) => collector!.exporters.flatMap((line) => examineExporter(line, nowMs))),
    ...examineMissing(declaredSensors(config.claims, approvals, config.lookup), lines),
  ];
  return checks.length === 0 ? [allWell(lines)] : checks;
}

/** Sensors of the claim files that can be loaded; the others are told under claims. */
function declaredSensors(
  files: readonly string[],
  approvals: string | undefined,
  lookup: LookupFiles,
): { name: string; exporter: string }[] {
  return files.flatMap((file) => {
    try {
      return loadClaims(file, approvals, lookup).claims.sensors.map(({ name, exporter }) => ({ name, exporter }));
    } catch {
      return [];
    }
  });
}

function conclusion(checks: readonly Check[]): string {
  const count = (state: CheckState): number => checks.filter((check) => check.state === state).length;
  const parts = [
    [count('wrong'), 'wrong'],
    [count('unknown'), 'cannot be told'],
    [count('note'), 'worth a look'],
  ] as const;
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return told.length === 0 ? 'All is well.\n' : `${told.join(', ')}.\n`;
}

function exitOf(checks: readonly Check[]): number {
  if (checks.some(({ state }) => state === 'wrong')) return EXIT.bad;
  return checks.some(({ state }) => state === 'unknown') ? EXIT.notProven : EXIT.ok;
}
