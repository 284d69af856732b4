import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { ClosedLog } from '@leasehold/commit-log';
import { closeLog } from '@leasehold/commit-log';
import { seededRandom } from '@leasehold/foundation';
import { FaultyStore } from '@leasehold/object-store-testing';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, TAKEOVER_MS, TestWorkers } from '../testing/test-workers.js';
import { publishTail } from './publish-tail.js';

const DATABASE = databaseNamed(1);
/** Longer than any settlement goes on by itself. */
const SETTLEMENT_MS = 31_000;

let workers: TestWorkers;
let a: TestWorker;
let b: TestWorker;
let faulty: FaultyStore;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
  b = await workers.start();
  await workers.settle(a.open(DATABASE));
  faulty = new FaultyStore(workers.bucket, workers.clock, seededRandom(5));
  await workers.clock.advance(1_000);
});

afterEach(() => workers.stop());

function context() {
  return { store: faulty, clock: workers.clock, random: seededRandom(6) };
}

/** The log of a worker that has just died. */
async function logOf(worker: TestWorker): Promise<ClosedLog> {
  worker.crash();
  return workers.settle(closeLog(context(), worker.session.id));
}

function publish(log: ClosedLog, signal?: AbortSignal) {
  return publishTail(context(), log, DATABASE.databaseId, signal);
}

describe('publishing the tail of an ended session', () => {
  it('brings the whole tail into the head and leaves nobody as the owner, in one edit (H3)', async () => {
    for (let i = 1; i <= 3; i++) await workers.settle(a.put(DATABASE, `k${i}`, `v${i}`));
    const before = (await workers.headOf(DATABASE)).head;
    const log = await logOf(a);
    expect(await workers.settle(publish(log))).toBe('published');
    const { head } = await workers.headOf(DATABASE);
    expect(head).toMatchObject({ owner: undefined, epoch: before.epoch + 1, lastCommit: { epoch: 1, sequence: 3 } });
    expect(head.trail.edits).toBe(before.trail.edits + 1);
    expect(await workers.settle(b.list(DATABASE))).toEqual({ k1: 'v1', k2: 'v2', k3: 'v3' });
  });

  it('does nothing twice', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.settle(a.put(DATABASE, 'k', 'w'));
    const log = await logOf(a);
    await workers.settle(publish(log));
    expect(await workers.settle(publish(log))).toBe('superseded');
    expect((await workers.headOf(DATABASE)).head.epoch).toBe(2);
  });

  it('has nothing to do where the head has everything, or where there is no head', async () => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    await workers.settle(a.put(DATABASE, 'k2', 'v2'));
    await workers.settle(a.opened(DATABASE).flush());
    const log = await logOf(a);
    expect(await workers.settle(publish(log))).toBe('nothing');
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: a.session.id, epoch: 1 });
    expect(await workers.settle(publishTail(context(), log, databaseNamed(9).databaseId))).toBe('nothing');
  });

  it('leaves to another owner what that one has taken along', async () => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    await workers.settle(a.put(DATABASE, 'k2', 'v2'));
    const log = await logOf(a);
    await workers.clock.advance(TAKEOVER_MS);
    await workers.settle(b.put(DATABASE, 'k3', 'v3'));
    expect(await workers.settle(publish(log))).toBe('superseded');
    expect((await workers.headOf(DATABASE)).head.owner).toBe(b.session.id);
  });

  it('starts again from the new head when a compaction or a takeover is in between', async () => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    await workers.settle(a.put(DATABASE, 'k2', 'v2'));
    const log = await logOf(a);
    const base = await workers.headOf(DATABASE);
    faulty.next('put', 'delay');
    const published = publish(log);
    await workers.heads.swap(base, { ...base.head, name: 'edited' });
    expect(await workers.settle(published)).toBe('published');
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ name: 'edited', lastCommit: { sequence: 2 } });
  });

  it.each(['fail-before', 'fail-after', 'late'] as const)('publishes once when its put meets %s', async (fault) => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    await workers.settle(a.put(DATABASE, 'k2', 'v2'));
    const log = await logOf(a);
    faulty.next('put', fault);
    expect(await workers.settle(publish(log), SETTLEMENT_MS)).toBe('published');
    await faulty.landAll();
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ epoch: 2, lastCommit: { sequence: 2 } });
    expect(await workers.settle(b.list(DATABASE))).toEqual({ k1: 'v1', k2: 'v2' });
  });

  it('quarantines a database whose frame is damaged (L3), and says so again', async () => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    await workers.settle(a.put(DATABASE, 'k2', 'v2'));
    const key = bucketLayout.segment(a.session.id, 1);
    const object = await workers.bucket.get(key);
    if (object === undefined || object === 'not-modified') throw new Error('nothing to damage');
    const body = Uint8Array.from(object.body);
    const middle = Math.floor(body.byteLength / 2);
    body[middle] = (body[middle] ?? 0) ^ 0xff;
    await workers.bucket.put(key, body, { match: object.etag });
    const log = await logOf(a);
    expect(await workers.settle(publish(log))).toBe('quarantined');
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ quarantined: true, owner: a.session.id, epoch: 1 });
    expect(await workers.settle(publish(log))).toBe('quarantined');
  });

  it('quarantines a database whose tail does not go on from its head', async () => {
    const claimed = await workers.headOf(DATABASE);
    await workers.settle(a.put(DATABASE, 'k1', 'v'));
    await workers.settle(a.opened(DATABASE).flush());
    await workers.clock.advance(5_000);
    for (let i = 2; i <= 3; i++) await workers.settle(a.put(DATABASE, `k${i}`, 'v'));
    const log = await logOf(a);
    // A head that has lost the first commit, which the log need not have any more.
    await workers.bucket.delete(bucketLayout.head(DATABASE.databaseId));
    await workers.heads.create(claimed.head);
    expect(await workers.settle(publish(log))).toBe('quarantined');
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ quarantined: true, lastCommit: { sequence: 0 } });
  });

  it('ends with its signal', async () => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    const log = await logOf(a);
    const enough = AbortSignal.abort(new Error('enough'));
    await expect(workers.settle(publish(log, enough))).rejects.toThrow('enough');
  });
});
