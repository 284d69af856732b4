// Guard of the embedded Postgres: starts the server, reports when it is ready, and stops it when told to or when the process that
// started the guard is gone. Postgres itself would live on.
import type { ChildProcess } from 'node:child_process';
import { CliError } from '../cli-error.js';
import { Cluster } from './cluster.js';
import { stopLeftover } from './leftover.js';

const READY = 'database system is ready to accept connections';
const FAST_SHUTDOWN_MS = 15_000;
/** Enough to find the line in, however the output is cut into chunks. */
const SEEN_LIMIT_CHARS = 4_096;
const STOPPED = 'stopped';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new CliError(`${name} is not set`);
  return value;
}

async function guard(): Promise<void> {
  const stop = new AbortController();
  const onStop = () => stop.abort(new CliError(STOPPED));
  process.on('SIGTERM', onStop).on('SIGINT', onStop).on('SIGQUIT', onStop).on('disconnect', onStop);
  const settings = {
    dataDir: required('POSTGRES_DIR'),
    host: required('HOST'),
    user: required('POSTGRES_USER'),
    password: required('POSTGRES_PASSWORD'),
    database: required('POSTGRES_DATABASE'),
  };
  const port = Number(required('PORT'));
  await stopLeftover(settings.dataDir);
  const cluster = await Cluster.open(settings, stop.signal);
  stop.signal.throwIfAborted();
  const server = cluster.spawnServer(port);
  server.stdin?.end();
  announceWhenReady(server, `postgresql://${settings.host}:${port}`);
  stop.signal.addEventListener('abort', () => {
    server.kill('SIGINT');
    // Immediate shutdown: the log is replayed at the next start.
    setTimeout(() => server.kill('SIGQUIT'), FAST_SHUTDOWN_MS).unref();
  });
  process.on('SIGQUIT', () => server.kill('SIGQUIT'));
  const how = await new Promise<string>((resolve) => {
    server.once('error', (error) => resolve(error.message));
    server.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  stop.signal.throwIfAborted();
  throw new CliError(`Postgres ended by itself (${how})`);
}

function announceWhenReady(server: ChildProcess, url: string): void {
  let announced = false;
  let seen = '';
  const onOutput = (chunk: Buffer) => {
    process.stderr.write(chunk);
    if (announced) return;
    seen = (seen + chunk.toString('utf8')).slice(-SEEN_LIMIT_CHARS);
    if (!seen.includes(READY)) return;
    announced = true;
    process.send?.({ type: 'ready', url });
  };
  server.stdout?.on('data', onOutput);
  server.stderr?.on('data', onOutput);
}

// A log that nobody reads any more must not take the guard down before its server.
process.stderr.on('error', () => undefined);
guard().catch((error: unknown) => {
  if (error instanceof CliError && error.message === STOPPED) process.exit(0);
  process.stderr.write(`${error instanceof CliError ? error.message : error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
