// Guard of the embedded Postgres: starts the server, reports when it is ready, and stops it when told to or when the process that
// started the guard is gone. Postgres itself would live on.
import { CliError } from '../cli-error.js';
import { Cluster } from './cluster.js';
import { stopLeftover } from './leftover.js';

const READY = 'database system is ready to accept connections';
const FAST_SHUTDOWN_MS = 15_000;

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new CliError(`${name} is not set`);
  return value;
}

async function guard(): Promise<void> {
  const settings = {
    dataDir: required('POSTGRES_DIR'),
    host: required('HOST'),
    user: required('POSTGRES_USER'),
    password: required('POSTGRES_PASSWORD'),
    database: required('POSTGRES_DATABASE'),
  };
  const port = Number(required('PORT'));
  await stopLeftover(settings.dataDir);
  const cluster = await Cluster.open(settings);
  if (!process.connected && process.send !== undefined) return;

  const server = cluster.spawnServer(port);
  server.stdin?.end();
  let announced = false;
  let seen = '';
  const onOutput = (chunk: Buffer) => {
    process.stderr.write(chunk);
    if (announced) return;
    seen = (seen + chunk.toString('utf8')).slice(-4 * READY.length);
    if (!seen.includes(READY)) return;
    announced = true;
    process.send?.({ type: 'ready', url: `postgresql://${settings.host}:${port}` });
  };
  server.stdout?.on('data', onOutput);
  server.stderr?.on('data', onOutput);

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    server.kill('SIGINT');
    // Immediate shutdown: the log is replayed at the next start.
    setTimeout(() => server.kill('SIGQUIT'), FAST_SHUTDOWN_MS).unref();
  };
  process.on('SIGTERM', stop).on('SIGINT', stop).on('disconnect', stop);
  process.on('SIGQUIT', () => {
    stopping = true;
    server.kill('SIGQUIT');
  });
  const how = await new Promise<string>((resolve) => {
    server.once('error', (error) => resolve(error.message));
    server.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  if (!stopping) throw new CliError(`Postgres ended by itself (${how})`);
}

// A log that nobody reads any more must not take the guard down before its server.
process.stderr.on('error', () => undefined);
guard().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof CliError ? error.message : error instanceof Error ? error.stack : error}\n`,
    );
    process.exit(1);
  },
);
