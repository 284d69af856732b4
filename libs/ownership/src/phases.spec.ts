import { CommitLog } from '@leasehold/commit-log';
import { HeadStore } from '@leasehold/engine';
import { Phases, sumOf, utf8 } from '@leasehold/foundation';
import type { PhaseTimes, SessionId } from '@leasehold/foundation';
import type { CallOptions, ObjectStore } from '@leasehold/object-store';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { TestWorker } from '../testing/test-workers.js';
import { ABSENT, databaseNamed, NONE, patient, TestWorkers, TTL_MS } from '../testing/test-workers.js';
import { DatabaseAccess } from './database-access.js';

const DATABASE = databaseNamed(1);
const KEY = utf8('k');
const GET_MS = 25;
const PUT_MS = 29;
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let workers: TestWorkers;
let a: TestWorker;
let slow: DatabaseAccess;
/** The traces of the calls that the slow one made, by key. */
let traces: { readonly key: string; readonly traceparent: string | undefined }[];

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
  traces = [];
  slow = slowly(await workers.start());
});

afterEach(() => workers.stop());

/** What a worker does over a bucket whose every answer takes its time. */
function slowly(worker: TestWorker): DatabaseAccess {
  const { context } = worker;
  const { clock, random, session } = context;
  const after = async <T>(ms: number, key: string, options: CallOptions | undefined, call: () => Promise<T>) => {
    traces.push({ key, traceparent: options?.traceparent });
    await clock.sleep(ms);
    return call();
  };
  const store: ObjectStore = {
    get: (key, options) => after(GET_MS, key, options, () => context.store.get(key, options)),
    put: (key, body, on, options) => after(PUT_MS, key, options, () => context.store.put(key, body, on, options)),
    delete: (key, options) => after(PUT_MS, key, options, () => context.store.delete(key, options)),
    list: (prefix, options) => after(GET_MS, prefix, options, () => context.store.list(prefix, options)),
  };
  const log = new CommitLog({ store, clock, random, session });
  return new DatabaseAccess({ ...context, store, log, heads: new HeadStore({ store, clock, random }) });
}

/** A request as a worker's routes make it, with a watch on it. */
async function timesOf(
  request: (options: ReturnType<typeof patient>) => Promise<unknown>,
  waitForOwner?: SessionId,
): Promise<Partial<PhaseTimes>> {
  const begunAt = workers.clock.monotonic();
  const phases = new Phases(workers.clock, 'other');
  await workers.settle(request({ ...patient(waitForOwner), phases }).catch(() => undefined));
  const times = phases.end();
  expect(sumOf(times)).toBeCloseTo(workers.clock.monotonic() - begunAt);
  return Object.fromEntries(Object.entries(times).filter(([, ms]) => ms > 0));
}

const write = (options = patient(), precondition = NONE) =>
  slow.write(DATABASE, { key: KEY, value: KEY, precondition }, options);

describe('the time of a request', () => {
  it('is that of the GET of the head for a cold read', async () => {
    expect(await timesOf((options) => slow.get(DATABASE, KEY, options))).toEqual({ head: GET_MS });
  });

  it('is that of the GET that opens and the CAS that acknowledges for a cold write', async () => {
    expect(await timesOf(write)).toEqual({ open: GET_MS, put: PUT_MS });
  });

  it('is that of the segment for a warm write', async () => {
    await workers.settle(write());
    expect(await timesOf(write)).toEqual({ put: PUT_MS });
  });

  it('is none for a warm read', async () => {
    await workers.settle(write());
    expect(await timesOf((options) => slow.get(DATABASE, KEY, options))).toEqual({});
  });

  it('is told apart for a write that is refused', async () => {
    await workers.settle(write());
    expect(await timesOf((options) => write(options, ABSENT))).toEqual({});
    await workers.settle(slow.databases.release(slow.databases.open()[0]!));
    expect(await timesOf((options) => write(options, ABSENT))).toEqual({ open: GET_MS + PUT_MS });
  });

  it('waits behind a write that is not durable yet, where the put is that makes it so', async () => {
    await workers.settle(write());
    void write();
    expect(await timesOf((options) => slow.get(DATABASE, KEY, options))).toEqual({ put: PUT_MS });
  });

  it('of one who joins a claim goes where the time of the claim goes, from then on', async () => {
    const [first, second] = [new Phases(workers.clock, 'other'), new Phases(workers.clock, 'other')];
    const begun = write({ ...patient(), phases: first });
    await workers.clock.advance(10);
    const joined = write({ ...patient(), phases: second });
    await workers.settle(begun);
    expect(first.end()).toMatchObject({ open: GET_MS, put: PUT_MS, other: 0 });
    await workers.settle(joined);
    // What is left of the claim, and a segment of its own.
    expect(second.end()).toMatchObject({ open: GET_MS - 10, put: 2 * PUT_MS, other: 10 });
  });

  it('of a takeover is the wait for the end of its owner, the seals, the log and the claim', async () => {
    await workers.settle(a.put(DATABASE, 'before', '1'));
    await workers.settle(a.put(DATABASE, 'k', '1'));
    a.crash();
    const times = await timesOf((options) => slow.get(DATABASE, KEY, options), a.session.id);
    expect(Object.keys(times).sort()).toEqual(['head', 'lease', 'open', 'recover', 'seal']);
    expect(times.head).toBe(GET_MS);
    expect(times.lease).toBeGreaterThan(TTL_MS / 2);
    expect(times.seal).toBeGreaterThanOrEqual(GET_MS + 2 * PUT_MS);
    expect(times.recover).toBe(GET_MS);
    expect(times.open).toBe(PUT_MS);
  });

  it('of a feed with nothing to tell is that of waiting for a commit', async () => {
    const { sequence: since } = await workers.settle(write());
    const request = { since, maxCommits: 10, waitMs: 500 };
    expect(await timesOf((options) => slow.changes(DATABASE, request, options))).toEqual({ wait: 500 });
    const unborn = databaseNamed(2);
    const first = { ...request, since: 0 };
    expect(await timesOf((options) => slow.changes(unborn, first, options))).toEqual({ head: GET_MS, wait: 500 });
  });

  it('that ran out was spent waiting for the owner', async () => {
    await workers.settle(a.put(DATABASE, 'k', '1'));
    const phases = new Phases(workers.clock, 'other');
    const enough = new AbortController();
    const read = slow.get(DATABASE, KEY, { signal: enough.signal, waitForOwner: a.session.id, phases });
    const refused = expect(read).rejects.toMatchObject({ code: 'owner-unavailable' });
    await workers.clock.advance(1_000);
    enough.abort();
    await refused;
    expect(phases.end()).toMatchObject({ head: GET_MS, lease: 1_000 - GET_MS, other: 0 });
  });
});

describe('the trace of a request', () => {
  it('is named in the bucket calls that are made for it alone', async () => {
    const options = { ...patient(), traceparent: TRACEPARENT };
    await workers.settle(slow.get(DATABASE, KEY, options));
    await workers.settle(write(options));
    expect(traces.map(({ traceparent }) => traceparent)).toEqual([TRACEPARENT, TRACEPARENT, TRACEPARENT]);
  });

  it('is not named in what many share', async () => {
    await workers.settle(write());
    traces.length = 0;
    await workers.settle(write({ ...patient(), traceparent: TRACEPARENT }));
    expect(traces).toEqual([{ key: expect.stringMatching(/^log\//), traceparent: undefined }]);
  });
});
