import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import pg from 'pg';

import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';

const run = promisify(execFile);

const START_ATTEMPTS = 3;
const READY_LINE = 'database system is ready to accept connections';
/** A test's data may be lost with the machine, so that it costs no syncs; it must outlive the server, so that commits are written. */
const SERVER_FLAGS = [
  'fsync=off',
  'full_page_writes=off',
  'shared_buffers=32MB',
  'max_connections=150',
  'unix_socket_directories=',
  'listen_addresses=127.0.0.1',
].flatMap((setting) => ['-c', setting]);

/**
 * Becomes the server, and leaves somebody behind who stops it when our end of the pipe closes: also when the test is
 * killed, where no handler of ours would run.
 */
const DIE_WITH_US = 'exec 3<&0; (cat <&3 >/dev/null 2>&1; kill -QUIT $$) 2>/dev/null & exec "$@" 3<&- </dev/null';

/** An unprivileged user to run as when we are root, which Postgres refuses. */
interface RunAs {
  readonly uid?: number;
  readonly gid?: number;
}

/** A real Postgres server of a test: empty, on loopback, without passwords, gone after `close`. */
export class TestPostgres {
  private server: ChildProcess | undefined;
  private databases = 0;

  private constructor(
    private readonly binaries: PostgresBinaries,
    private readonly directory: string,
    private readonly runAs: RunAs,
    readonly port: number,
  ) {}

  static async start(): Promise<TestPostgres> {
    const binaries = await findPostgresBinaries();
    const runAs = process.getuid?.() === 0 ? await unprivilegedUser() : {};
    const directory = await mkdtemp(join(tmpdir(), 'lh-postgres-'));
    if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(directory, runAs.uid, runAs.gid);
    const flags = ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--locale=C', '--no-sync'];
    await run(binaries.initdb, [`--pgdata=${join(directory, 'data')}`, ...flags], { ...runAs, cwd: directory });
    for (let attempt = 1; ; attempt++) {
      const postgres = new TestPostgres(binaries, directory, runAs, await freePort());
      try {
        await postgres.resume();
        return postgres;
      } catch (error) {
        // Another process may have taken the port between our look and the server's bind.
        if (attempt < START_ATTEMPTS) continue;
        await postgres.close();
        throw error;
      }
    }
  }

  /** Connection string of the server's own database `postgres`, or of one made by {@link createDatabase}. */
  url(database = 'postgres'): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  /** Creates an empty database and gives its connection string. */
  async createDatabase(): Promise<string> {
    const name = `test_${++this.databases}`;
    const client = new pg.Client({ connectionString: this.url() });
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${name}`);
    } finally {
      await client.end();
    }
    return this.url(name);
  }

  /** Ends the server at once, as an outage would: connections break. The data stays for {@link resume}. */
  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exited = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGQUIT');
    await exited;
  }

  /** Starts the server again on the same port and data. Resolves when it takes connections. */
  async resume(): Promise<void> {
    const command = [
      this.binaries.postgres,
      '-D',
      join(this.directory, 'data'),
      '-p',
      String(this.port),
      ...SERVER_FLAGS,
    ];
    const server = spawn('/bin/sh', ['-c', DIE_WITH_US, 'sh', ...command], {
      ...this.runAs,
      cwd: this.directory,
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let output = '';
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.once('exit', () => reject(new Error(`postgres did not start: ${output}`)));
      server.stderr?.on('data', (chunk: Buffer) => {
        if (output.length < 65_536) output += chunk.toString('utf8');
        if (output.includes(READY_LINE)) resolve();
      });
    });
    this.server = server;
  }

  /** Stops the server and deletes its data. */
  async close(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** An empty Postgres server on loopback, in about a second. The caller closes it. */
export function startTestPostgres(): Promise<TestPostgres> {
  return TestPostgres.start();
}

async function unprivilegedUser(): Promise<RunAs> {
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // No such user: the next one.
    }
  }
  throw new Error('postgres refuses to run as root, and there is no user `postgres` or `nobody` to run it as');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
