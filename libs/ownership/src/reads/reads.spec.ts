import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compactDatabase, emptyHead } from '@leasehold/engine';
import { seededRandom, utf8, VERSION_ZERO } from '@leasehold/foundation';

import type { TestWorker } from '../../testing/test-workers.js';
import { databaseNamed, patient, TestWorkers, textOf } from '../../testing/test-workers.js';
import type { ChangesRequest } from './change-feed.js';
import { MAX_FEED_WAIT_MS } from './change-feed.js';
import type { PointInTime } from './point-in-time.js';
import { SNAPSHOT_LIMITS } from './snapshot-read.js';

const DATABASE = databaseNamed(1);
const LARGE = 'x'.repeat(40 * 1024);

let workers: TestWorkers;
let a: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
});

afterEach(() => workers.stop());

function fate(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

async function readAt(at: PointInTime | undefined, worker = a) {
  const request = { gets: [utf8('k')], scans: [{ limit: 10 }], at };
  const { version, gets, scans } = await workers.settle(worker.access.readMany(DATABASE, request, patient()));
  const list = scans[0]!.entries.map(({ key, value }) => `${textOf(key)}=${textOf(value).slice(0, 3)}`);
  return { sequence: version.sequence, k: gets[0] && textOf(gets[0].value).slice(0, 3), list };
}

/** k = v1, v2, v3 and j = v2, a second apart. */
async function threeVersions(): Promise<readonly number[]> {
  const times: number[] = [];
  for (const value of ['v1', 'v2', 'v3']) {
    times.push(workers.clock.now());
    await workers.settle(a.put(DATABASE, 'k', value));
    if (value === 'v2') await workers.settle(a.put(DATABASE, 'j', value));
    await workers.clock.advance(1_000);
  }
  return times;
}

describe.each(['in memory', 'flushed', 'in files', 'unowned'])('reads of the past, of what is %s', (where) => {
  let times: readonly number[];

  beforeEach(async () => {
    if (where === 'in memory') await workers.settle(a.open(DATABASE));
    times = await threeVersions();
    if (where === 'in memory') return;
    if (where === 'in files') {
      await workers.settle(a.put(DATABASE, 'x1', LARGE));
      await workers.settle(a.put(DATABASE, 'x2', LARGE));
    }
    await workers.settle(a.opened(DATABASE).flush());
    if (where === 'unowned') await workers.settle(a.release(DATABASE));
  });

  it('show each version as it was, and name it', async () => {
    const at = (sequence: number) => readAt({ version: { epoch: 1, sequence } });
    expect(await at(1)).toEqual({ sequence: 1, k: 'v1', list: ['k=v1'] });
    expect(await at(2)).toEqual({ sequence: 2, k: 'v2', list: ['k=v2'] });
    expect(await at(3)).toEqual({ sequence: 3, k: 'v2', list: ['j=v2', 'k=v2'] });
    expect(await at(4)).toMatchObject({ sequence: 4, k: 'v3' });
    expect(await at(0)).toEqual({ sequence: 0, k: undefined, list: [] });
  });

  it('do not show what is still to come', async () => {
    expect(await fate(readAt({ version: { epoch: 1, sequence: 99 } }))).toBe('invalid-version');
  });

  it('take a time for the last recorded commit before it', async () => {
    expect(await readAt({ timeMs: times[0]! - 1 })).toMatchObject({ sequence: 0, k: undefined });
    const { sequence, k } = await readAt({ timeMs: times[1]! + 500 });
    // In memory every commit is known; a head records some of them.
    expect(sequence).toBeLessThanOrEqual(3);
    if (where === 'in memory') expect([sequence, k]).toEqual([3, 'v2']);
    const now = await readAt(undefined);
    expect(await readAt({ timeMs: workers.clock.now() })).toEqual(now);
    expect(await readAt({ timeMs: workers.clock.now() + 3_600_000 })).toEqual(now);
  });

  it('are offered by gets and scans too', async () => {
    const options = { ...patient(), at: { version: { epoch: 1, sequence: 1 } } };
    const entry = await workers.settle(a.access.get(DATABASE, utf8('k'), options));
    expect(textOf(entry!.value)).toBe('v1');
    const page = await workers.settle(a.access.scan(DATABASE, { limit: 10 }, options));
    expect(page.entries.map(({ key }) => textOf(key))).toEqual(['k']);
    const future = { ...patient(), at: { version: { epoch: 1, sequence: 99 } } };
    expect(await fate(workers.settle(a.access.get(DATABASE, utf8('k'), future)))).toBe('invalid-version');
  });
});

describe('reads of the past', () => {
  it('judge expiries at the time that they name', async () => {
    await workers.settle(a.open(DATABASE));
    const begunAt = workers.clock.now();
    const op = { op: 'put', key: utf8('k'), value: utf8('v'), expiresAt: begunAt + 5_000 } as const;
    await workers.settle(a.transact(DATABASE, { ops: [op] }));
    await workers.clock.advance(10_000);
    expect((await readAt(undefined)).k).toBeUndefined();
    expect((await readAt({ timeMs: begunAt + 4_999 })).k).toBe('v');
    expect((await readAt({ timeMs: begunAt + 5_000 })).k).toBeUndefined();
  });

  it('fail with a code where the history is gone (C1)', async () => {
    await workers.heads.create({ ...emptyHead(DATABASE), options: { retentionMs: 0, maxBytes: 1e9 } });
    await workers.settle(a.open(DATABASE));
    await threeVersions();
    await workers.settle(a.opened(DATABASE).flush());
    const { head } = await workers.headOf(DATABASE);
    expect(head.horizon).toBeGreaterThan(1);
    expect(await fate(readAt({ version: { epoch: 1, sequence: 1 } }))).toBe('history-gone');
    const changes = a.access.changes(DATABASE, { since: 1, maxCommits: 10 }, patient());
    expect(await workers.settle(fate(changes))).toBe('history-gone');
    const check = a.transact(DATABASE, { checks: [{ kind: 'range', range: {}, since: 1 }] });
    expect(await workers.settle(fate(check))).toBe('history-gone');
    await workers.settle(a.release(DATABASE));
    expect(await fate(readAt({ version: { epoch: 1, sequence: 1 } }))).toBe('history-gone');
  });

  it('show nothing that is not durable (R2)', async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(a.put(DATABASE, 'k', 'v1'));
    a.line.trouble('hold', 'log/');
    const write = a.put(DATABASE, 'k', 'v2');
    await workers.clock.advance(10);
    const read = readAt({ version: { epoch: 1, sequence: 2 } });
    expect((await readAt({ version: { epoch: 1, sequence: 1 } })).k).toBe('v1');
    await workers.clock.advance(10);
    a.line.mend();
    await workers.settle(write);
    expect((await read).k).toBe('v2');
  });
});

describe('a snapshot read', () => {
  it('shows one version although it is written to meanwhile', async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(
      a.transact(DATABASE, { ops: ['a', 'b'].map((key) => ({ op: 'put', key: utf8(key), value: utf8('1') })) }),
    );
    const read = a.access.readMany(
      DATABASE,
      { gets: [utf8('a'), utf8('b'), utf8('c')], scans: [{ limit: 5 }] },
      patient(),
    );
    const write = a.transact(DATABASE, {
      ops: ['a', 'b', 'c'].map((key) => ({ op: 'put', key: utf8(key), value: utf8('2') })),
    });
    const { version, gets, scans } = await workers.settle(read);
    await workers.settle(write);
    const values = new Set([...gets.slice(0, 2), ...scans[0]!.entries].map((entry) => textOf(entry!.value)));
    expect(values.size).toBe(1);
    expect([...values][0]).toBe(String(version.sequence));
  });

  it('is refused beyond its limits', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    const read = (gets: readonly Uint8Array[], scans = 0) =>
      fate(
        a.access.readMany(DATABASE, { gets, scans: Array.from({ length: scans }, () => ({ limit: 1 })) }, patient()),
      );
    const keys = (count: number) => Array.from({ length: count }, () => utf8('k'));
    expect(await read(keys(SNAPSHOT_LIMITS.gets), SNAPSHOT_LIMITS.scans)).toBe('done');
    expect(await read(keys(SNAPSHOT_LIMITS.gets + 1))).toBe('too-many-operations');
    expect(await read([], SNAPSHOT_LIMITS.scans + 1)).toBe('too-many-operations');
    expect(await read([new Uint8Array(0)])).toBe('invalid-key');
    for (const limit of [0, 1.5, Number.NaN, SNAPSHOT_LIMITS.pageEntries + 1]) {
      const page = a.access.readMany(DATABASE, { gets: [], scans: [{ limit }] }, patient());
      expect([await fate(page), await fate(a.access.scan(DATABASE, { limit }, patient()))]).toEqual([
        'invalid-limit',
        'invalid-limit',
      ]);
    }
    await workers.settle(a.put(DATABASE, 'large', 'x'.repeat(500 * 1024)));
    expect(await read(Array.from({ length: 33 }, () => utf8('large')))).toBe('answer-too-large');
  });

  it('shares the bytes of a page between its scans', async () => {
    await workers.settle(a.open(DATABASE));
    for (let i = 0; i < 9; i++) await workers.settle(a.put(DATABASE, `k${i}`, 'x'.repeat(500 * 1024)));
    const scans = [{ limit: 100 }, { limit: 100 }];
    const read = await workers.settle(a.access.readMany(DATABASE, { gets: [], scans }, patient()));
    expect(read.scans.map(({ entries, more }) => [entries.length, more])).toEqual([
      [9, false],
      [0, true],
    ]);
  });
});

describe('the change feed', () => {
  const changes = (request: Partial<ChangesRequest>, worker = a, options = patient()) =>
    worker.access.changes(DATABASE, { since: 0, maxCommits: 100, ...request }, options);

  async function told(request: Partial<ChangesRequest>, worker = a): Promise<string[]> {
    const { commits, through } = await workers.settle(changes(request, worker));
    const parts = commits.map(({ version, entries, rangeDeletes }) =>
      [
        `${version.sequence}:`,
        ...entries.map(({ key, kind }) => (kind === 'put' ? textOf(key) : `-${textOf(key)}`)),
        ...rangeDeletes.map(({ start, end }) => `-${textOf(start)}..${end ? textOf(end) : ''}`),
      ].join(' '),
    );
    return [...parts, `through ${through}`];
  }

  beforeEach(async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(a.put(DATABASE, 'a', '1'));
    await workers.settle(
      a.transact(DATABASE, {
        ops: [
          { op: 'deleteRange', range: { start: utf8('a'), end: utf8('c') } },
          { op: 'put', key: utf8('b'), value: utf8('2') },
        ],
      }),
    );
    await workers.settle(a.delete(DATABASE, 'z'));
  });

  it.each(['in memory', 'flushed', 'in files', 'merged', 'unowned', 'taken up again'])(
    'tells every commit once, in order, when they are %s',
    async (where) => {
      let server = a;
      if (where === 'in files' || where === 'merged') {
        await workers.settle(a.put(DATABASE, 'x', LARGE));
        await workers.settle(a.put(DATABASE, 'y', LARGE));
      } else {
        await workers.settle(a.put(DATABASE, 'x', 'v'));
        await workers.settle(a.put(DATABASE, 'y', 'v'));
      }
      if (where !== 'in memory') await workers.settle(a.opened(DATABASE).flush());
      if (where === 'merged') {
        const ctx = { store: workers.bucket, clock: workers.clock, random: seededRandom(5) };
        await workers.settle(compactDatabase(ctx, DATABASE.databaseId, { l0Files: 1, targetFileBytes: 1024 }));
      }
      if (where === 'unowned' || where === 'taken up again') {
        await workers.settle(a.release(DATABASE));
        server = await workers.start();
        if (where === 'taken up again') await workers.settle(server.open(DATABASE));
      }
      const all = ['1: a', '2: b -a..c', '3: -z', '4: x', '5: y', 'through 5'];
      expect(await told({}, server)).toEqual(all);
      const resumed: string[] = [];
      for (let since = 0; since < 5;) {
        const page = await workers.settle(changes({ since, maxCommits: 2 }, server));
        resumed.push(...page.commits.map(({ version }) => String(version.sequence)));
        expect(page.through).toBeGreaterThan(since);
        since = page.through;
      }
      expect(resumed).toEqual(['1', '2', '3', '4', '5']);
      expect(await told({ since: 1, range: { start: utf8('b'), end: utf8('c') } }, server)).toEqual([
        '2: b -a..c',
        'through 5',
      ]);
      expect(await told({ since: 5 }, server)).toEqual(['through 5']);
      expect(await fate(workers.settle(changes({ since: 6 }, server)))).toBe('invalid-version');
    },
  );

  it('tells only what is durable (R2)', async () => {
    a.line.trouble('hold', 'log/');
    const write = a.put(DATABASE, 'x', 'v');
    await workers.clock.advance(10);
    const feed = changes({ since: 3 });
    await workers.clock.advance(10);
    expect(await Promise.race([feed, 'pending'])).toBe('pending');
    a.line.mend();
    await workers.settle(write);
    expect((await feed).commits.map(({ version }) => version.sequence)).toEqual([4]);
  });

  it('waits for the next commit, and no longer than it was asked to', async () => {
    const feed = changes({ since: 3, waitMs: 10_000 });
    await workers.clock.advance(5_000);
    expect(await Promise.race([feed, 'pending'])).toBe('pending');
    await workers.settle(a.put(DATABASE, 'x', 'v'));
    expect((await workers.settle(feed)).commits.map(({ version }) => version.sequence)).toEqual([4]);
    const begunAt = workers.clock.monotonic();
    expect(await told({ since: 4, waitMs: 10_000 })).toEqual(['through 4']);
    expect(workers.clock.monotonic() - begunAt).toBe(10_000);
    await told({ since: 4, waitMs: 1e9 });
    expect(workers.clock.monotonic() - begunAt).toBe(10_000 + MAX_FEED_WAIT_MS);
  });

  it('waits on while commits do nothing to its range, and goes on after them', async () => {
    const feed = changes({ since: 3, range: { start: utf8('m') }, waitMs: 10_000 });
    await workers.clock.advance(1);
    await workers.settle(a.put(DATABASE, 'a', 'v'));
    await workers.clock.advance(1);
    expect(await Promise.race([feed, 'pending'])).toBe('pending');
    await workers.settle(a.put(DATABASE, 'n', 'v'));
    const { commits, through } = await workers.settle(feed);
    expect([commits.map(({ version }) => version.sequence), through]).toEqual([[5], 5]);
  });

  it('is in nobody’s way: a release ends its waiting, and so does its caller', async () => {
    const feed = changes({ since: 3, waitMs: 20_000 });
    await workers.clock.advance(1_000);
    await workers.settle(a.release(DATABASE));
    const nothing = { commits: [], through: 3, position: { epoch: 1, sequence: 3 } };
    expect(await workers.settle(feed, 1)).toEqual(nothing);
    const time = new AbortController();
    const other = changes({ since: 3, waitMs: 20_000 }, a, { signal: time.signal });
    await workers.clock.advance(1_000);
    time.abort();
    expect(await workers.settle(other, 1)).toMatchObject({ commits: [], through: 3 });
  });

  it('makes its server the owner when it wants to wait, for nobody else would tell', async () => {
    await workers.settle(a.release(DATABASE));
    const b = await workers.start();
    const feed = changes({ since: 3, waitMs: 20_000 }, b);
    await workers.clock.advance(1_000);
    expect((await workers.headOf(DATABASE)).head.owner).toBe(b.session.id);
    await workers.settle(b.put(DATABASE, 'x', 'v'));
    expect((await workers.settle(feed)).through).toBe(4);
  });

  it('waits without owning for the first write to a database that does not exist', async () => {
    const feed = a.access.changes(databaseNamed(7), { since: 0, maxCommits: 10, waitMs: 5_000 }, patient());
    await workers.clock.advance(4_999);
    expect(await Promise.race([feed, 'pending'])).toBe('pending');
    expect(await workers.settle(feed)).toEqual({ commits: [], through: 0, position: VERSION_ZERO });
    expect(await workers.heads.load(databaseNamed(7).databaseId)).toBeUndefined();
  });

  it('tells the first write to a database as soon as it is made here', async () => {
    const feed = a.access.changes(databaseNamed(7), { since: 0, maxCommits: 10, waitMs: 20_000 }, patient());
    await workers.clock.advance(1_000);
    await workers.settle(a.put(databaseNamed(7), 'k', 'v'));
    const { commits, position } = await workers.settle(feed, 1);
    expect([commits.map(({ version }) => version), position]).toEqual([
      [{ epoch: 1, sequence: 1 }],
      commits[0]!.version,
    ]);
  });

  it('ends its waiting for a first write when the worker drains, and when nobody wants to hear of it', async () => {
    const time = new AbortController();
    const request = { since: 0, maxCommits: 10, waitMs: 20_000 };
    const given = a.access.changes(databaseNamed(7), request, { signal: time.signal });
    const other = a.access.changes(databaseNamed(7), request, patient());
    await workers.clock.advance(1_000);
    time.abort();
    expect(await workers.settle(given, 1)).toMatchObject({ commits: [], through: 0 });
    await workers.settle(a.drain());
    expect(await workers.settle(other, 1)).toMatchObject({ commits: [], through: 0 });
  });

  it('names the place that it reached also when all it passed over was outside of its range', async () => {
    const range = { start: utf8('m'), end: utf8('n') };
    expect(await workers.settle(changes({ range }))).toEqual({
      commits: [],
      through: 3,
      position: { epoch: 1, sequence: 3 },
    });
    const { commits, position } = await workers.settle(changes({ maxCommits: 2 }));
    expect(position).toEqual(commits.at(-1)?.version);
    await workers.settle(a.release(DATABASE));
    expect((await workers.settle(changes({ range }))).position).toEqual({ epoch: 1, sequence: 3 });
  });

  it('costs no request to the bucket while it waits', async () => {
    await workers.settle(a.opened(DATABASE).flush());
    // The log is trimmed after a flush.
    await workers.clock.advance(60_000);
    const ofDatabase = () => a.line.requests.filter(({ key }) => /^(?:db|log)\//.test(key));
    a.line.forget();
    for (let round = 0; round < 3; round++) await told({ since: 3, waitMs: MAX_FEED_WAIT_MS });
    expect(ofDatabase()).toEqual([]);
    await workers.settle(a.put(DATABASE, 'x', 'v'));
    expect(ofDatabase().length).toBeGreaterThan(0);
  });

  it('has limits', async () => {
    expect(await fate(changes({ maxCommits: 0 }))).toBe('invalid-limit');
    expect(await fate(changes({ maxCommits: 1_001 }))).toBe('invalid-limit');
    expect(await fate(changes({ since: -1 }))).toBe('invalid-version');
    expect(await fate(changes({ range: { start: new Uint8Array(2_049) } }))).toBe('invalid-range');
  });
});
