import { spawn, type ChildProcess } from 'node:child_process';
import { chown, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { CliError } from '../cli-error.js';
import { findBinaries, type PostgresBinaries } from './binaries.js';
import { decideIdentity, lookAround, type Identity } from './identity.js';

export interface ClusterSettings {
  /** Of the cluster's own files; made on the first start. Absolute. */
  readonly dataDir: string;
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** What the server is told besides its address: it serves one machine's processes, not a site. */
const SERVER_SETTINGS = [
  'max_connections=200',
  'shared_buffers=64MB',
  'unix_socket_directories=',
  // Details of an error quote the row: e-mail addresses do not belong in a log.
  'log_error_verbosity=terse',
];
const OUTPUT_LIMIT_CHARS = 8_000;

/** A Postgres cluster of ours in a folder. */
export class Cluster {
  private constructor(
    private readonly settings: ClusterSettings,
    private readonly binaries: PostgresBinaries,
    private readonly identity: Identity,
  ) {}

  /** Finds the binaries, decides as whom to run, and on the first start makes the cluster, unless the signal aborts that. */
  static async open(settings: ClusterSettings, signal: AbortSignal): Promise<Cluster> {
    const binaries = await findBinaries();
    const identity = decideIdentity(await lookAround(settings.dataDir, binaries.postgres));
    const cluster = new Cluster(settings, binaries, identity);
    if (!(await isFolder(settings.dataDir))) await cluster.initialise(signal);
    return cluster;
  }

  /** Spawns the server. Its standard error says when it is ready. */
  spawnServer(port: number): ChildProcess {
    const settings = [`listen_addresses=${this.settings.host}`, `port=${port}`, ...SERVER_SETTINGS];
    return this.spawn([
      this.binaries.postgres,
      '-D',
      this.settings.dataDir,
      ...settings.flatMap((setting) => ['-c', setting]),
    ]);
  }

  /** Made aside and renamed at the end: an interrupted first start leaves no half cluster. */
  private async initialise(signal: AbortSignal): Promise<void> {
    const draft = `${this.settings.dataDir}.new`;
    const { account } = this.identity;
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { mode: 0o700 });
    const passwordFile = `${draft}.password`;
    try {
      await writeFile(passwordFile, `${this.settings.password}\n`, { mode: 0o600 });
      if (account) await Promise.all([draft, passwordFile].map((file) => chown(file, account.uid, account.gid)));
      const initdb = [
        this.binaries.initdb,
        ...['--pgdata', draft, '--username', this.settings.user, '--pwfile', passwordFile],
        ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C', '--no-instructions'],
        ...['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      ];
      await this.runToEnd(initdb, signal);
      const create = `CREATE DATABASE "${this.settings.database}";\n`;
      await this.runToEnd([this.binaries.postgres, '--single', '-D', draft, 'postgres'], signal, create);
      await rename(draft, this.settings.dataDir);
    } finally {
      await rm(passwordFile, { force: true });
      await rm(draft, { recursive: true, force: true });
    }
  }

  private async runToEnd(command: readonly string[], signal: AbortSignal, input = ''): Promise<void> {
    signal.throwIfAborted();
    const child = this.spawn(command);
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-OUTPUT_LIMIT_CHARS);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    const how = await new Promise<string | undefined>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
    });
    signal.removeEventListener('abort', stop);
    signal.throwIfAborted();
    if (how !== undefined) throw new CliError(`making the Postgres cluster failed (${how})\n${output.trimEnd()}`);
  }

  private spawn(command: readonly string[]): ChildProcess {
    const [file = '', ...args] = [...this.identity.prefix, ...command];
    return spawn(file, args, {
      ...this.identity.spawnAs,
      // Messages are read by us, so they have to be in one language.
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: '/',
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}
