import { CliError } from '../cli-error.js';
import type { Terminal } from '../terminal.js';
import { banner, jsonLine, proxyInTheWay } from './announcement.js';
import { openDataDirectory } from './data-directory.js';
import { DEMO_DATABASE } from './demo-tenant.js';
import { LOOPBACK } from './environment.js';
import { requireFreePort } from './ports.js';
import { Supervisor } from './supervisor.js';
import type { UpOptions } from './up-options.js';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The whole of `./leasehold up`: resolves when everything has been stopped again. */
export async function up(options: UpOptions, terminal: Terminal, env: NodeJS.ProcessEnv): Promise<void> {
  const directory = openDataDirectory(options.data);
  try {
    await requireFreePort(LOOPBACK, options.port, 'gateway');
    await requireFreePort(LOOPBACK, options.port + 1, 'control plane');
    await supervise(new Supervisor(options, directory, terminal, env), options, directory.path, terminal, env);
  } finally {
    directory.release();
  }
}

async function supervise(
  supervisor: Supervisor,
  options: UpOptions,
  dataDirectory: string,
  terminal: Terminal,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const requests = listenForStop(terminal);
  const starting = supervisor.start(requests.stop);
  // Looked at below; after a stop its failure is only the echo of that.
  starting.catch(() => undefined);
  try {
    const announcement = await Promise.race([starting, aborted(requests.stop)]);
    if (announcement === undefined) return;
    if (options.json) terminal.result(jsonLine(announcement));
    else {
      const bypassProxy = proxyInTheWay(env);
      terminal.result(banner(announcement, { dataDirectory, demoDatabase: DEMO_DATABASE, bypassProxy }));
    }
    await aborted(requests.stop);
  } finally {
    const draining = supervisor.stop();
    await Promise.race([draining, aborted(requests.kill).then(() => supervisor.kill())]);
    await Promise.allSettled([starting, draining]);
    supervisor.close();
    requests.close();
  }
}

interface StopRequests {
  /** The first signal: drain. */
  readonly stop: AbortSignal;
  /** The second one: at once. */
  readonly kill: AbortSignal;
  close(): void;
}

function listenForStop(terminal: Terminal): StopRequests {
  const stop = new AbortController();
  const kill = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) return kill.abort();
    terminal.say('stopping; once more to kill');
    stop.abort(new CliError('stopped'));
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  return {
    stop: stop.signal,
    kill: kill.signal,
    close: () => STOP_SIGNALS.forEach((signal) => process.off(signal, onSignal)),
  };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
