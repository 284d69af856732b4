import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { ensureBucket } from '@leasehold/object-store-s3';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 30_000;

/** The line that `up --json` prints. */
export interface Ready {
  readonly gateway: string;
  readonly gateways: readonly string[];
  readonly controlPlane: string;
  readonly console: string;
  readonly tenant: {
    readonly email: string;
    readonly password: string;
    readonly organization: string;
    readonly apiKey: string;
  };
  readonly admin: { readonly email: string; readonly password: string };
  readonly pids: {
    readonly gateways: readonly number[];
    readonly controlPlane: number;
    readonly compactor: number;
    readonly bucket: number | null;
    readonly workers: readonly number[];
  };
}

export interface UpOptions {
  readonly port?: number;
  readonly data?: string;
  readonly workers?: number;
  readonly gateways?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** One running Leasehold, started as a user would start it. */
export class Leasehold {
  private constructor(
    readonly ready: Ready,
    readonly stdout: readonly string[],
    readonly data: string,
    private readonly environment: Readonly<Record<string, string>>,
    private readonly child: ChildProcess,
    private readonly ownsData: boolean,
  ) {}

  static async up(options: UpOptions = {}): Promise<Leasehold> {
    const data = options.data ?? (await mkdtemp(path.join(tmpdir(), 'leasehold-e2e-')));
    const port = options.port ?? (await freePortPair());
    const args = ['up', '--json', '--port', String(port), '--data', data];
    if (options.workers !== undefined) args.push('--workers', String(options.workers));
    if (options.gateways !== undefined) args.push('--gateways', String(options.gateways));
    const environment = options.environment ?? (await parts());
    const child = spawn(path.join(REPOSITORY, 'leasehold'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const stdout: string[] = [];
    const stderr: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => stderr.push(line));
    const first = await new Promise<string>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${why}\n${stderr.slice(-40).join('\n')}`));
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail('leasehold up did not get ready');
      }, START_TIMEOUT_MS);
      child.once('exit', (code) => {
        clearTimeout(timer);
        fail(`leasehold up ended with ${code}`);
      });
      createInterface({ input: child.stdout }).on('line', (line) => {
        stdout.push(line);
        if (stdout.length === 1) {
          clearTimeout(timer);
          resolve(line);
        }
      });
    });
    return new Leasehold(JSON.parse(first) as Ready, stdout, data, environment, child, options.data === undefined);
  }

  /** What `leasehold scrub --json` prints of the bucket while everything runs. */
  async scrub(): Promise<Readonly<Record<string, number>>> {
    const isElsewhere = (this.environment['S3_ENDPOINT'] ?? '') !== '';
    const args = ['scrub', '--json', ...(isElsewhere ? [] : ['--data', this.data])];
    const env = { ...process.env, ...this.environment };
    const { stdout } = await promisify(execFile)(path.join(REPOSITORY, 'leasehold'), args, { env });
    return JSON.parse(stdout) as Readonly<Record<string, number>>;
  }

  /** SIGTERM, as Ctrl-C would; resolves with the exit code once everything has drained. */
  async stop(): Promise<number | null> {
    const code = await this.end('SIGTERM');
    if (this.ownsData) await rm(this.data, { recursive: true, force: true });
    return code;
  }

  end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null) return Promise.resolve(this.child.exitCode);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.child.kill('SIGKILL');
        reject(new Error(`leasehold did not end within ${STOP_TIMEOUT_MS} ms of ${signal}`));
      }, STOP_TIMEOUT_MS);
      this.child.once('exit', (code) => {
        clearTimeout(timer);
        resolve(code);
      });
      this.child.kill(signal);
    });
  }
}

/** The parts that `E2E_PARTS` asks for: embedded ones by default, or fresh corners of real servers. */
export async function parts(): Promise<Readonly<Record<string, string>>> {
  if (process.env['E2E_PARTS'] !== 'external') {
    return { S3_ENDPOINT: '', S3_BUCKET: '', DATABASE_URL: '', REDIS_URL: '' };
  }
  const name = `leasehold-e2e-${randomBytes(6).toString('hex')}`;
  const databaseUrl = new URL(required('TEST_DATABASE_URL'));
  databaseUrl.pathname = `/${name.replaceAll('-', '_')}`;
  const s3 = {
    S3_ENDPOINT: required('TEST_S3_ENDPOINT'),
    S3_REGION: process.env['TEST_S3_REGION'] ?? 'us-east-1',
    S3_BUCKET: name,
    S3_ACCESS_KEY_ID: required('TEST_S3_ACCESS_KEY_ID'),
    S3_SECRET_ACCESS_KEY: required('TEST_S3_SECRET_ACCESS_KEY'),
  };
  await ensureBucket({
    endpoint: s3.S3_ENDPOINT,
    region: s3.S3_REGION,
    bucket: s3.S3_BUCKET,
    accessKeyId: s3.S3_ACCESS_KEY_ID,
    secretAccessKey: s3.S3_SECRET_ACCESS_KEY,
    forcePathStyle: true,
  });
  return { ...s3, S3_FORCE_PATH_STYLE: 'true', DATABASE_URL: databaseUrl.href, REDIS_URL: required('TEST_REDIS_URL') };
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`E2E_PARTS=external needs ${name}`);
  return value;
}

/** A free port whose successor is free too. */
export async function freePortPair(): Promise<number> {
  // Of this runner alone, and below those that the system hands out: whatever starts meanwhile takes neither of them.
  const first = FIRST_PORT + (Number(process.env['JEST_WORKER_ID'] ?? 1) % RUNNERS) * PORTS_OF_RUNNER;
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = first + 2 * randomInt(PORTS_OF_RUNNER / 2);
    const free = [await listenOnce(port).catch(() => 0), await listenOnce(port + 1).catch(() => 0)];
    if (free[0] === port && free[1] === port + 1) return port;
  }
  throw new Error('no two free ports in a row');
}

const FIRST_PORT = 16_000;
const RUNNERS = 16;
const PORTS_OF_RUNNER = 1_000;

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
