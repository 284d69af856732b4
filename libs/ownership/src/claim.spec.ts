import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { TenantId } from '@leasehold/foundation';
import { CorruptBytesError } from '@leasehold/foundation';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, TAKEOVER_MS, TestWorkers } from '../testing/test-workers.js';

const DATABASE = databaseNamed(1);
/** Longer than any settlement goes on by itself. */
const SETTLEMENT_MS = 31_000;

let workers: TestWorkers;
let a: TestWorker;
let b: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
  b = await workers.start();
  await workers.clock.advance(1_000);
});

afterEach(() => workers.stop());

describe('claiming a database', () => {
  it('creates its head on the first write and names the writer', async () => {
    const version = await workers.settle(a.put(DATABASE, 'k', 'v'));
    expect(version).toEqual({ epoch: 1, sequence: 1 });
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ ...DATABASE, epoch: 1, owner: a.session.id });
    expect(await a.get(DATABASE, 'k')).toBe('v');
  });

  it('points writes and reads of the other worker to the owner', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    const misdirected = { code: 'misdirected', owner: a.session.id, endpoint: 'http://worker-1' };
    await expect(workers.settle(b.put(DATABASE, 'k', 'w'))).rejects.toMatchObject(misdirected);
    await expect(workers.settle(b.get(DATABASE, 'k'))).rejects.toMatchObject(misdirected);
    await expect(workers.settle(b.list(DATABASE))).rejects.toMatchObject(misdirected);
    expect(b.line.count('put', 'db/')).toBe(0);
  });

  it('takes an owner that is younger than the last listing for alive', async () => {
    const young = await workers.start();
    await workers.settle(young.put(DATABASE, 'k', 'v'));
    expect(b.watch.status(young.session.id)).toBe('absent');
    await expect(workers.settle(b.put(DATABASE, 'k', 'w'))).rejects.toMatchObject({ owner: young.session.id });
  });

  it('lets one of two first writers win, whoever it is', async () => {
    const [first, second] = await workers.settle(
      Promise.allSettled([a.put(DATABASE, 'k', 'a'), b.put(DATABASE, 'k', 'b')]),
    );
    expect([first?.status, second?.status].sort()).toEqual(['fulfilled', 'rejected']);
    const { owner, epoch } = (await workers.headOf(DATABASE)).head;
    const winner = first?.status === 'fulfilled' ? a : b;
    expect([owner, epoch]).toEqual([winner.session.id, 1]);
  });

  it('claims once although the answer to the claim is lost', async () => {
    a.faulty.next('put', 'fail-after');
    expect(await workers.settle(a.put(DATABASE, 'k', 'v'))).toEqual({ epoch: 1, sequence: 1 });
  });

  it('answers that nothing was applied when a claim stays unclear, and claims again at the next epoch', async () => {
    a.line.trouble('lose', 'db/', ['put']);
    const claim = a.open(DATABASE);
    await workers.clock.advance(1);
    a.line.trouble('cut', 'db/', ['get']);
    await expect(workers.settle(claim, SETTLEMENT_MS)).rejects.toMatchObject({
      code: 'owner-unavailable',
      kind: 'unavailable',
    });
    a.line.mend();
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: a.session.id, epoch: 1 });
    expect(await workers.settle(a.put(DATABASE, 'k', 'w'))).toEqual({ epoch: 2, sequence: 1 });
  });

  it('shares one claim among all who come meanwhile', async () => {
    const writes = Array.from({ length: 20 }, (_, i) => a.put(DATABASE, `k${i}`, 'v'));
    const versions = await workers.settle(Promise.all(writes));
    expect(versions.map(({ sequence }) => sequence).sort((x, y) => x - y)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect(a.told).toEqual([`claimed ${DATABASE.databaseId}`]);
  });

  it('starts again when a compaction edits the head beside the claim', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.settle(a.release(DATABASE));
    b.line.trouble('hold', 'db/', ['put']);
    const write = b.put(DATABASE, 'k2', 'v2');
    await workers.clock.advance(1);
    const base = await workers.headOf(DATABASE);
    expect(await workers.heads.swap(base, { ...base.head, horizon: 1 })).toMatchObject({ outcome: 'done' });
    b.line.mend();
    expect(await workers.settle(write)).toEqual({ epoch: 2, sequence: 2 });
    expect((await workers.headOf(DATABASE)).head.horizon).toBe(1);
  });

  it('answers another tenant as if there were no such database', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    const foreign = { ...DATABASE, tenantId: 'tenant-b' as TenantId };
    const notFound = { code: 'database-not-found', kind: 'not-found' };
    await expect(workers.settle(a.get(foreign, 'k'))).rejects.toMatchObject(notFound);
    await expect(workers.settle(a.put(foreign, 'k', 'x'))).rejects.toMatchObject(notFound);
    await workers.settle(a.release(DATABASE));
    await expect(workers.settle(b.get(foreign, 'k'))).rejects.toMatchObject(notFound);
    await expect(workers.settle(b.put(foreign, 'k', 'x'))).rejects.toMatchObject(notFound);
    expect((await workers.headOf(DATABASE)).head.owner).toBeUndefined();
  });

  it('leaves a deleted database alone', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.settle(a.release(DATABASE));
    const base = await workers.headOf(DATABASE);
    await workers.heads.swap(base, { ...base.head, deletedAt: workers.clock.now() });
    await expect(workers.settle(a.put(DATABASE, 'k', 'w'))).rejects.toMatchObject({ code: 'database-not-found' });
    await expect(workers.settle(a.get(DATABASE, 'k'))).rejects.toMatchObject({ code: 'database-not-found' });
  });
});

describe('taking a database over', () => {
  it('waits until the owner was silent for its ttl and a tenth, then continues after its last durable commit (H3)', async () => {
    for (let i = 1; i <= 5; i++) await workers.settle(a.put(DATABASE, `k${i}`, `v${i}`));
    a.crash();
    await workers.clock.advance(4_000);
    await expect(workers.settle(b.put(DATABASE, 'k6', 'v6'))).rejects.toMatchObject({ code: 'misdirected' });
    await workers.clock.advance(TAKEOVER_MS - 4_000);
    expect(await workers.settle(b.put(DATABASE, 'k6', 'v6'))).toEqual({ epoch: 2, sequence: 6 });
    expect(await b.list(DATABASE)).toEqual({ k1: 'v1', k2: 'v2', k3: 'v3', k4: 'v4', k5: 'v5', k6: 'v6' });
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: b.session.id, epoch: 2 });
  });

  it('lets one of two contenders have it, with everything', async () => {
    const c = await workers.start();
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    const results = await workers.settle(
      Promise.allSettled([b.put(DATABASE, 'from', 'b'), c.put(DATABASE, 'from', 'c')]),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const winner = results[0]?.status === 'fulfilled' ? b : c;
    expect(await winner.list(DATABASE)).toEqual({ k: 'v', from: winner === b ? 'b' : 'c' });
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: winner.session.id, epoch: 2 });
  });

  it('is fenced by the log: what the old owner still has on its way is never acknowledged', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'acknowledged'));
    a.line.trouble('hold');
    const late = a.put(DATABASE, 'k', 'late');
    const outcome = late.then(
      () => 'acknowledged',
      (error: { code: string }) => error.code,
    );
    await workers.clock.advance(TAKEOVER_MS);
    expect(await workers.settle(b.get(DATABASE, 'k'))).toBe('acknowledged');
    await workers.settle(b.put(DATABASE, 'other', 'x'));
    a.line.mend();
    expect(await workers.settle(outcome)).toBe('outcome-unknown');
    expect(await workers.settle(b.get(DATABASE, 'k'))).toBe('acknowledged');
    expect(a.session.serving()).toBe(false);
    await expect(workers.settle(a.put(DATABASE, 'k', 'zombie'))).rejects.toMatchObject({ code: 'session-expired' });
    await expect(workers.settle(a.get(DATABASE, 'k'))).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('takes along what landed although nobody was told', async () => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    a.line.trouble('lose', 'log/');
    a.put(DATABASE, 'k2', 'v2').catch(() => undefined);
    await workers.clock.advance(1);
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    expect(await workers.settle(b.list(DATABASE))).toEqual({ k1: 'v1', k2: 'v2' });
  });

  it('gives up when the owner wakes before it is sealed (S2)', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('cut', 'workers/', ['put']);
    await workers.clock.advance(TAKEOVER_MS);
    expect(b.watch.status(a.session.id)).toBe('expired');
    a.line.mend();
    // Its repeated renewal is confirmed before the next listing of b.
    for (let i = 0; i < 20 && !a.session.serving(); i++) await workers.clock.advance(50);
    expect(a.session.serving()).toBe(true);
    expect(b.watch.status(a.session.id)).toBe('expired');
    await expect(workers.settle(b.put(DATABASE, 'k', 'w'))).rejects.toMatchObject({ code: 'misdirected' });
    expect(await workers.settle(a.put(DATABASE, 'k', 'x'))).toEqual({ epoch: 1, sequence: 2 });
  });

  it('reads the head after the log is closed, however old the head was that showed the owner (R1)', async () => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    // The answer to b's GET is on its way for so long that the owner flushes, trims its log, writes on and dies meanwhile.
    b.line.trouble('hold-answer', `db/${DATABASE.databaseId}/head`, ['get']);
    const write = b.put(DATABASE, 'k4', 'v4');
    await workers.clock.advance(1);
    await workers.settle(a.put(DATABASE, 'k2', 'v2'));
    await workers.settle(a.opened(DATABASE).flush());
    await workers.clock.advance(5_000);
    expect(a.session.floor).toBeGreaterThan(1);
    expect(await workers.bucket.get(bucketLayout.segment(a.session.id, 1))).toBeUndefined();
    await workers.settle(a.put(DATABASE, 'k3', 'v3'));
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    b.line.mend();
    expect(await workers.settle(write)).toEqual({ epoch: 2, sequence: 4 });
    expect(await b.list(DATABASE)).toEqual({ k1: 'v1', k2: 'v2', k3: 'v3', k4: 'v4' });
  });

  it('quarantines the database whose frame is damaged, and pages someone (L3)', async () => {
    await workers.settle(Promise.all([a.open(DATABASE), a.open(databaseNamed(2))]));
    const healthy = databaseNamed(2);
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.settle(a.put(healthy, 'k', 'v'));
    a.crash();
    await damage(bucketLayout.segment(a.session.id, 1));
    await workers.clock.advance(TAKEOVER_MS);
    const corrupt = { code: 'corrupt-object', kind: 'corrupt' };
    await expect(workers.settle(b.put(DATABASE, 'k', 'w'))).rejects.toMatchObject(corrupt);
    expect(b.told).toContain(`quarantined ${DATABASE.databaseId}`);
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ quarantined: true, epoch: 1, owner: a.session.id });
    await expect(workers.settle(b.get(DATABASE, 'k'))).rejects.toMatchObject(corrupt);
    expect(await workers.settle(b.get(healthy, 'k'))).toBe('v');
  });
});

describe('claiming again what the head says is ours (P2)', () => {
  beforeEach(async () => {
    for (let i = 1; i <= 3; i++) await workers.settle(a.put(DATABASE, `k${i}`, `v${i}`));
  });

  it('brings its own tail along when the release never arrived', async () => {
    a.line.trouble('cut', 'db/');
    await expect(workers.settle(a.release(DATABASE), SETTLEMENT_MS)).rejects.toMatchObject({ code: 'outcome-unknown' });
    a.line.mend();
    expect(await workers.settle(a.put(DATABASE, 'k4', 'v4'))).toEqual({ epoch: 2, sequence: 4 });
    expect(await a.list(DATABASE)).toEqual({ k1: 'v1', k2: 'v2', k3: 'v3', k4: 'v4' });
    expect((await workers.headOf(DATABASE)).head.lastCommit.sequence).toBe(4);
  });

  it('quarantines nothing when its session has ended, whatever for', async () => {
    a.line.trouble('cut', 'db/');
    await expect(workers.settle(a.release(DATABASE), SETTLEMENT_MS)).rejects.toMatchObject({ code: 'outcome-unknown' });
    a.line.mend();
    a.line.trouble('hold', 'db/', ['get']);
    const write = a.put(DATABASE, 'k4', 'v4').catch((error: { code: string }) => error.code);
    await workers.clock.advance(1);
    a.session.fail(new CorruptBytesError('its record came damaged'));
    a.line.mend();
    await workers.settle(write, SETTLEMENT_MS);
    expect(a.told.filter((told) => told.startsWith('quarantined'))).toEqual([]);
    expect((await workers.headOf(DATABASE)).head.quarantined).toBe(false);
  });

  it('claims as anybody would when the release had arrived', async () => {
    a.line.trouble('lose', 'db/', ['put']);
    const release = a.release(DATABASE);
    await workers.clock.advance(1);
    a.line.trouble('cut', 'db/', ['get']);
    await expect(workers.settle(release, SETTLEMENT_MS)).rejects.toMatchObject({ code: 'outcome-unknown' });
    a.line.mend();
    expect((await workers.headOf(DATABASE)).head.owner).toBeUndefined();
    expect(await workers.settle(b.put(DATABASE, 'k4', 'v4'))).toEqual({ epoch: 2, sequence: 4 });
    await expect(workers.settle(a.put(DATABASE, 'k5', 'v5'))).rejects.toMatchObject({ code: 'misdirected' });
    expect(await b.list(DATABASE)).toEqual({ k1: 'v1', k2: 'v2', k3: 'v3', k4: 'v4' });
  });

  it.each(['before', 'after'] as const)('is right when the release lands after all, %s the claim', async (order) => {
    a.line.trouble('hold', 'db/', ['put']);
    a.line.trouble('cut', 'db/', ['get']);
    const release = a.release(DATABASE).catch((error: { code: string }) => error.code);
    expect(await workers.settle(release, SETTLEMENT_MS)).toBe('outcome-unknown');
    a.line.letPass();
    if (order === 'before') a.line.mend();
    expect(await workers.settle(a.put(DATABASE, 'k4', 'v4'))).toEqual({ epoch: 2, sequence: 4 });
    a.line.mend();
    await workers.clock.advance(1);
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ epoch: 2, owner: a.session.id });
    expect(await a.list(DATABASE)).toEqual({ k1: 'v1', k2: 'v2', k3: 'v3', k4: 'v4' });
    await workers.settle(a.release(DATABASE));
    expect(await workers.settle(b.list(DATABASE))).toEqual({ k1: 'v1', k2: 'v2', k3: 'v3', k4: 'v4' });
  });
});

async function damage(key: string): Promise<void> {
  const object = await workers.bucket.get(key);
  if (object === undefined || object === 'not-modified') throw new Error('nothing to damage');
  const body = Uint8Array.from(object.body);
  const middle = Math.floor(body.byteLength / 2);
  body[middle] = (body[middle] ?? 0) ^ 0xff;
  await workers.bucket.put(key, body, { match: object.etag });
}
