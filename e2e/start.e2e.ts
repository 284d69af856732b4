import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { freePortPair } from './src/leasehold.js';

const REPOSITORY = path.resolve(import.meta.dirname, '..');

describe('a start that cannot succeed', () => {
  let data: string;
  beforeEach(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'leasehold-start-'));
  });
  afterEach(async () => {
    await chmod(data, 0o700);
    await rm(data, { recursive: true, force: true });
  });

  it.each([
    ['the gateway', 0],
    ['the control plane', 1],
  ])(
    'says in one sentence that the port of %s is taken, and leaves nothing behind',
    async (_part, offset) => {
      const port = await freePortPair();
      const squatter = createTcpServer().listen(port + offset, '127.0.0.1');
      await new Promise((resolve) => squatter.once('listening', resolve));
      try {
        const run = await leasehold(['up', '--port', String(port), '--data', data]);
        expect(run.code).not.toBe(0);
        expect(run.stdout).toBe('');
        expect(lastLine(run.stderr)).toContain(String(port + offset));
        expect(await readdir(data)).toEqual([]);
      } finally {
        squatter.close();
      }
    },
    60_000,
  );

  it('says in one sentence which argument is wrong', async () => {
    for (const args of [
      ['--port', 'abc'],
      ['--port', '70000'],
      ['--workers', '0'],
      ['--workers', 'x'],
      ['--gateways', '-1'],
      ['--nonsense'],
      ['--data', ''],
    ]) {
      const run = await leasehold(['up', '--data', data, ...args]);
      expect({ args, code: run.code }).not.toEqual({ args, code: 0 });
      expect(run.stderr).not.toContain('    at ');
    }
  }, 60_000);

  it('refuses a bucket that ignores conditions, and names the failed step', async () => {
    const store = await carelessStore();
    try {
      const { port } = store.address() as { port: number };
      const environment = {
        S3_ENDPOINT: `http://127.0.0.1:${port}`,
        S3_BUCKET: 'careless',
        S3_ACCESS_KEY_ID: 'test',
        S3_SECRET_ACCESS_KEY: 'testtest',
        S3_FORCE_PATH_STYLE: 'true',
      };
      const probe = await leasehold(['probe'], environment);
      expect(probe.code).toBe(1);
      expect(`${probe.stdout}${probe.stderr}`).toMatch(/refuse.*create|second create/i);
      const up = await leasehold(['up', '--port', String(await freePortPair()), '--data', data], environment);
      expect(up.code).not.toBe(0);
      expect(up.stderr).toMatch(/refuse.*create|second create/i);
    } finally {
      store.close();
      store.closeAllConnections();
    }
  }, 120_000);
});

function leasehold(args: readonly string[], environment: Record<string, string> = {}) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    const child = spawn(path.join(REPOSITORY, 'leasehold'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, S3_ENDPOINT: '', DATABASE_URL: '', REDIS_URL: '', ...environment },
    });
    const timer = setTimeout(() => {
      child.kill('SIGTERM');
      reject(new Error(`leasehold ${args.join(' ')} did not end`));
    }, 60_000);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

/** An S3-like store that takes every put, whatever its conditions say: what several S3 dialects do. */
async function carelessStore(): Promise<Server> {
  const objects = new Map<string, { readonly body: Buffer; readonly etag: string }>();
  let puts = 0;
  const server = createServer((request, response) => {
    const key = decodeURIComponent((request.url ?? '/').split('?')[0] as string);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const found = objects.get(key);
      if (request.method === 'PUT') {
        const etag = `"${++puts}"`;
        objects.set(key, { body: Buffer.concat(chunks), etag });
        response.writeHead(200, { etag }).end();
      } else if (request.method === 'DELETE') {
        objects.delete(key);
        response.writeHead(204).end();
      } else if (found && request.method === 'GET') {
        response
          .writeHead(200, {
            etag: found.etag,
            'last-modified': new Date().toUTCString(),
            'content-length': found.body.byteLength,
          })
          .end(found.body);
      } else {
        response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
