import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { forkTypeScript } from '@leasehold/object-store-testing';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

describe('process of the local bucket', () => {
  let directory: string;
  const started: ChildProcess[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leasehold-process-'));
  });
  afterEach(async () => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  function start(env: NodeJS.ProcessEnv = {}) {
    const child = forkTypeScript(MAIN, {
      env: {
        BUCKET_DIR: join(directory, 'bucket'),
        S3_ACCESS_KEY_ID: 'local',
        S3_SECRET_ACCESS_KEY: 'local-secret',
        ...env,
      },
    });
    started.push(child);
    let stderr = '';
    child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
    child.stdout?.resume();
    // Not 'close', which Node does not emit after a disconnect by the parent.
    const exited = Promise.all([
      new Promise<number | null>((resolve) => child.once('exit', resolve)),
      new Promise<void>((resolve) => child.stderr?.once('end', resolve)),
    ]).then(([code]) => ({ code, stderr }));
    const ready = new Promise<string>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { type: 'ready'; url: string }).url));
      void exited.then(() => reject(new Error(stderr)));
    });
    ready.catch(() => undefined);
    return { child, exited, ready };
  }

  it('says where it serves, and drains on SIGTERM', async () => {
    const { child, ready, exited } = start();
    const url = await ready;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await exited).toMatchObject({ code: 0, stderr: '' });
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });

  it('drains when its parent is gone', async () => {
    const { child, ready, exited } = start();
    await ready;
    child.disconnect();
    expect(await exited).toMatchObject({ code: 0 });
  });

  it('starts again at once on the folder of one that was killed', async () => {
    const first = start();
    await first.ready;
    first.child.kill('SIGKILL');
    await first.exited;
    await start().ready;
  });

  it('says in one sentence that the folder is in use', async () => {
    const first = start();
    await first.ready;
    const { code, stderr } = await start().exited;
    expect(code).toBe(1);
    expect(stderr).toBe(
      `local-bucket: the bucket folder ${join(directory, 'bucket')} is in use by process ${first.child.pid}\n`,
    );
  });

  it('says in one sentence that the port is taken, and leaves the folder free', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as AddressInfo;
    const { code, stderr } = await start({ PORT: String(port) }).exited;
    expect([code, stderr]).toEqual([1, `local-bucket: the address 127.0.0.1:${port} is in use by another process\n`]);
    await new Promise((resolve) => holder.close(resolve));
    await start({ PORT: String(port) }).ready;
  });

  it('says in one sentence that the folder is not writable', async () => {
    await writeFile(join(directory, 'file'), 'not a folder');
    const { code, stderr } = await start({ BUCKET_DIR: join(directory, 'file', 'bucket') }).exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^local-bucket: the bucket folder .* is not writable \(ENOTDIR\)\n$/);
    expect(await readFile(join(directory, 'file'), 'utf8')).toBe('not a folder');
  });

  it('says in one sentence what is wrong with its configuration', async () => {
    const { code, stderr } = await start({ S3_SECRET_ACCESS_KEY: 'short', PORT: 'x' }).exited;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^local-bucket: the configuration is not valid: S3_SECRET_ACCESS_KEY is not .*; PORT is not a port\n$/,
    );
  });
});
