import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionId } from '@leasehold/foundation';

import { FakeWorker } from '../testing/fake-worker.js';
import { WorkerConnection } from './worker-connection.js';

const SESSION = '01arz3ndektsv4rrffq69g5fav' as SessionId;
const now = () => performance.now();

describe('a connection to a worker that is silent', () => {
  let worker: FakeWorker;
  let connection: WorkerConnection;
  beforeEach(async () => {
    worker = await FakeWorker.start(SESSION);
    worker.silent = true;
    connection = new WorkerConnection(SESSION, worker.endpoint);
  });
  afterEach(async () => {
    await connection.destroy();
    await worker.stop();
  });
  const ask = (blameSilence: boolean) =>
    connection.ask({ method: 'GET', path: '/', headers: {}, body: undefined, timeoutMs: 20, blameSilence }, now);

  it('opens its breaker when silence is to be blamed', async () => {
    for (let i = 0; i < 3; i++) expect(await ask(true)).toEqual({ kind: 'lost', from: SESSION });
    expect(connection.breaker.isOpen(now())).toBe(true);
  });

  it('keeps its breaker closed when it is not', async () => {
    for (let i = 0; i < 6; i++) expect(await ask(false)).toEqual({ kind: 'lost', from: SESSION });
    expect(connection.breaker.isOpen(now())).toBe(false);
  });

  it('calls a read that waits back when its client is gone, and blames nobody for it', async () => {
    for (let i = 0; i < 6; i++) {
      const gone = new AbortController();
      const request = { method: 'GET', path: '/', headers: {}, body: undefined, timeoutMs: 60_000, blameSilence: true };
      const asked = connection.ask({ ...request, gone: gone.signal }, now);
      while (worker.received.length <= i) await new Promise((resolve) => setTimeout(resolve, 5));
      gone.abort();
      expect(await asked).toEqual({ kind: 'lost', from: SESSION });
    }
    expect(connection.breaker.isOpen(now())).toBe(false);
  });

  it('asks elsewhere when a read that waits gets no answer in all its time', async () => {
    const request = { method: 'GET', path: '/', headers: {}, body: undefined, timeoutMs: 20, blameSilence: true };
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) {
      expect(await connection.ask({ ...request, gone: signal }, now)).toEqual({ kind: 'lost', from: SESSION });
    }
    expect(connection.breaker.isOpen(now())).toBe(true);
  });

  it('loses what is under way as soon as it is destroyed', async () => {
    const asked = connection.ask(
      { method: 'PUT', path: '/', headers: {}, body: Buffer.from('v'), timeoutMs: 60_000, blameSilence: true },
      now,
    );
    while (worker.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await connection.destroy();
    expect(await asked).toEqual({ kind: 'lost', from: SESSION });
  });
});
