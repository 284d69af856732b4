import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ChaosReport, ChaosSettings, FaultKind } from '@leasehold/chaos';
import { FAULT_KINDS, formatChaosReport, isFaultKind, runChaos, undoEverything } from '@leasehold/chaos';

import { CliError } from '../cli-error.js';
import { REPOSITORY } from '../repository.js';
import type { Terminal } from '../terminal.js';

const WRONG_USE = 2;
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly rate: number;
  readonly faults: readonly string[];
  readonly json: boolean;
}

type Run = (settings: ChaosSettings, say: (line: string) => void, signal: AbortSignal) => Promise<ChaosReport>;

/**
 * The whole of `./leasehold chaos`: one line of JSON, or a timeline and a table. Logs stay only when a promise was not kept.
 * @throws CliError then, when a fault is not known, and when it is stopped
 */
export async function chaos(
  options: ChaosOptions,
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>>,
  run: Run = runChaos,
): Promise<void> {
  const { minutes, seed, rate: requestsPerSecond } = options;
  const only = options.faults.map(faultKind);
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-chaos-'));
  const stop = listenForStop(terminal);
  let keep = false;
  try {
    const settings = { repository: REPOSITORY, folder, env, minutes, seed, requestsPerSecond, only };
    const report = await run(settings, (line) => terminal.say(line), stop.signal);
    terminal.result(options.json ? JSON.stringify(report) : formatChaosReport(report));
    keep = report.missed.length > 0;
    if (keep) throw new CliError(`not everything held (seed ${seed}); the logs are in ${folder}`);
  } catch (error) {
    // Whoever stops a run does not want to know why it failed.
    keep ||= !stop.signal.aborted;
    throw error;
  } finally {
    stop.close();
    if (!keep) await rm(folder, { recursive: true, force: true });
  }
}

function faultKind(name: string): FaultKind {
  if (isFaultKind(name)) return name;
  throw new CliError(`no fault "${name}"; there are: ${Object.keys(FAULT_KINDS).join(', ')}`, WRONG_USE);
}

function listenForStop(terminal: Terminal): { readonly signal: AbortSignal; close(): void } {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(1);
    terminal.say('stopping; once more to kill');
    stop.abort(new CliError('stopped'));
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  // Whichever way this process goes, nothing that it started stays.
  process.on('exit', undoEverything);
  return {
    signal: stop.signal,
    close: () => {
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    },
  };
}
