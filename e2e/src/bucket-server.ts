import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const MAIN = resolve(import.meta.dirname, '..', '..', 'libs', 'local-bucket', 'dist', 'main.js');
const ACCESS = { S3_BUCKET: 'leasehold', S3_ACCESS_KEY_ID: 'somebody', S3_SECRET_ACCESS_KEY: 'somebodys-secret' };

/** An S3-compatible server of its own process, over a folder that goes with it. */
export class BucketServer {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<BucketServer> {
    const folder = await mkdtemp(join(tmpdir(), 'leasehold-bucket-'));
    const env = { PATH: process.env['PATH'], ...ACCESS, BUCKET_DIR: folder, LOG_LEVEL: 'error' };
    const child = fork(MAIN, { env, execArgv: [] });
    const url = await new Promise<string>((done, fail) => {
      child.once('message', (message) => done((message as { readonly url: string }).url));
      child.once('exit', (code) => fail(new Error(`the bucket server ended with ${code}`)));
    });
    return new BucketServer(url, child, folder);
  }

  /** As who uses it is told. */
  get s3() {
    return {
      bucket: ACCESS.S3_BUCKET,
      endpoint: this.url,
      accessKeyId: ACCESS.S3_ACCESS_KEY_ID,
      secretAccessKey: ACCESS.S3_SECRET_ACCESS_KEY,
    };
  }

  async stop(): Promise<void> {
    const gone = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGTERM');
    await gone;
    await rm(this.folder, { recursive: true, force: true });
  }
}
