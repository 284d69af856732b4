import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import { INTERNAL_SECRET } from '../testing/fake-worker.js';
import { FramedWorker } from '../testing/framed-worker.js';
import type { WorkerAnswer } from './worker-answer.js';
import type { WorkerRequest } from './worker-request.js';
import { WorkerConnection } from './worker-connection.js';

const SESSION = '01arz3ndektsv4rrffq69g5fav' as SessionId;
const LOST = { kind: 'lost', from: SESSION };
const now = () => performance.now();

let worker: FramedWorker;
let connection: WorkerConnection;

beforeEach(async () => {
  worker = await FramedWorker.start();
  connection = new WorkerConnection(SESSION, worker.endpoint, INTERNAL_SECRET);
});
afterEach(async () => {
  await connection.destroy();
  await worker.stop();
});

function ask(more: Partial<WorkerRequest> = {}) {
  const request = { method: 'GET', path: '/k', headers: {}, body: undefined, timeoutMs: 10_000, blameSilence: true };
  return connection.ask({ ...request, frameable: true, ...more }, now);
}

async function text(more?: Partial<WorkerRequest>): Promise<string> {
  return ((await ask(more)) as WorkerAnswer).body.toString();
}

/** Asks until the answer came in a frame. */
async function framed(): Promise<void> {
  while ((await text()) !== 'framed') await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('requests that share a connection', () => {
  it('begin when the worker has offered it, and do not wait for it', async () => {
    expect(await text()).toBe('http');
    await framed();
    expect(await text()).toBe('framed');
    expect(worker.upgrades).toBe(1);
  });

  it('are those that may, and no others', async () => {
    await framed();
    expect(await text({ frameable: false })).toBe('http');
    expect(await text({ gone: new AbortController().signal, frameable: false })).toBe('http');
  });

  it('carry what a request says, and bring back what its answer says', async () => {
    await framed();
    worker.onAsk = ({ method, path, headers, body, answer }) =>
      answer({ status: 412, headers: { etag: '"1.1"', 'x-y': String(headers['x-y']) } }, `${method} ${path} ${body}`);
    const answer = await ask({ method: 'PUT', path: '/a?b', headers: { 'x-y': 'z' }, body: Buffer.from('value') });
    expect(answer).toMatchObject({ status: 412, headers: { etag: '"1.1"', 'x-y': 'z' } });
    expect((answer as WorkerAnswer).body.toString()).toBe('PUT /a?b value');
  });

  it('are answered in any order', async () => {
    await framed();
    worker.asked.length = 0;
    worker.onAsk = () => {
      if (worker.asked.length === 3) for (const { path, answer } of worker.asked.reverse()) answer({}, path);
    };
    expect(await Promise.all(['/1', '/2', '/3'].map((path) => text({ path })))).toEqual(['/1', '/2', '/3']);
  });

  it('are lost together when it is cut, and the next ones find another', async () => {
    await framed();
    worker.onAsk = () => worker.cut();
    expect(await Promise.all([ask(), ask({ method: 'PUT' })])).toEqual([LOST, LOST]);
    worker.onAsk = ({ answer }) => answer({}, 'framed');
    await framed();
    expect(worker.upgrades).toBe(2);
  });

  it('run out of time each for itself', async () => {
    await framed();
    worker.onAsk = ({ path, answer }) => {
      if (path !== '/slow') setTimeout(() => answer({}, 'framed'), 100);
    };
    const slow = ask({ path: '/slow', timeoutMs: 1 });
    expect(await Promise.all([slow, text()])).toEqual([LOST, 'framed']);
  });

  it('leave a connection on which nothing comes any more', async () => {
    await framed();
    worker.onAsk = () => undefined;
    const held = ask({ timeoutMs: 5_000 });
    // It says nothing about the connection.
    expect(await ask({ timeoutMs: 20 })).toEqual(LOST);
    expect(await ask({ timeoutMs: 500 })).toEqual(LOST);
    expect(await text()).toBe('http');
    worker.asked.at(-3)?.answer({}, 'late, and still believed');
    expect(((await held) as WorkerAnswer).body.toString()).toContain('late');
  });

  it('are lost at once with a connection that was replaced, when all is given up', async () => {
    await framed();
    worker.onAsk = ({ path, answer }) => {
      if (path === '/k') answer({}, 'framed');
    };
    const held = ask({ path: '/held', timeoutMs: 60_000 });
    expect(await ask({ path: '/silent', timeoutMs: 500 })).toEqual(LOST);
    await framed();
    expect(worker.upgrades).toBe(2);
    await connection.destroy();
    expect(await held).toEqual(LOST);
  });

  it('open the breaker when silence is to be blamed', async () => {
    await framed();
    worker.onAsk = () => undefined;
    const silent = Array.from({ length: 3 }, () => ask({ timeoutMs: 20 }));
    expect(await Promise.all(silent)).toEqual([LOST, LOST, LOST]);
    expect(connection.breaker.isOpen(now())).toBe(true);
  });

  it('end with the error that refuses the answer', async () => {
    await framed();
    const refusal = new ProblemError('overloaded', 'no room');
    const admitAnswer = (sizeBytes: number): void => {
      expect(sizeBytes).toBe('framed'.length);
      throw refusal;
    };
    await expect(ask({ admitAnswer })).rejects.toBe(refusal);
    expect(await text()).toBe('framed');
  });

  it('finish when it is closed, and not when it is destroyed', async () => {
    await framed();
    worker.onAsk = () => undefined;
    const finished = ask();
    while (worker.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
    const closed = connection.close();
    worker.asked.at(-1)?.answer({}, 'framed');
    expect(((await finished) as WorkerAnswer).body.toString()).toBe('framed');
    await closed;
    connection = new WorkerConnection(SESSION, worker.endpoint, INTERNAL_SECRET);
    worker.onAsk = ({ answer }) => answer({}, 'framed');
    await framed();
    worker.onAsk = () => undefined;
    const lost = ask();
    await connection.destroy();
    expect(await lost).toEqual(LOST);
  });

  it('stay with HTTP where the worker has another secret', async () => {
    await connection.destroy();
    connection = new WorkerConnection(SESSION, worker.endpoint, 'another secret, of 32 characters!');
    for (let i = 0; i < 20; i++) {
      expect(await text()).toBe('http');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(worker.upgrades).toBe(1);
    expect(worker.asked).toEqual([]);
  });
});
