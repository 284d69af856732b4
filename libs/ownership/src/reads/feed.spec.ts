import { describe, expect, it } from '@jest/globals';
import { compactDatabase } from '@leasehold/engine';
import { parseVersion, seededRandom } from '@leasehold/foundation';

import { FeedReader } from '../../testing/feed-reader.js';
import type { ToldChange } from '../../testing/feed-writers.js';
import { anyTransaction, operationsOf, replay, SentTransactions } from '../../testing/feed-writers.js';
import { RoutedCalls } from '../../testing/routed-calls.js';
import { databaseNamed, TestWorkers } from '../../testing/test-workers.js';

const DATABASE = databaseNamed(1);
const SEEDS = Array.from({ length: 24 }, (_, n) => n + 1);
const WRITERS = 3;
const WRITES_OF_ONE = 60;
const PREFIX = 'k0';
/** Small, so that there is much of everything. */
const SETTINGS = { flushBytes: 48_000, maxUnflushedBytes: 96_000, idleReleaseMs: 30_000, compactAtL0Files: 3 };

interface Course {
  readonly sent: SentTransactions;
  readonly reader: FeedReader;
  readonly ofPrefix: FeedReader;
  /** What happened to the workers, by kind. */
  readonly events: Map<string, number>;
  readonly last: number;
  readonly state: Readonly<Record<string, string>>;
}

/** Writers, readers and disasters, each in its own pace, over one database. */
async function run(seed: number): Promise<Course> {
  const random = seededRandom(seed);
  const pick = (limit: number): number => Math.floor(random.fraction() * limit);
  const workers = new TestWorkers({ seed });
  const { clock } = workers;
  const calls = new RoutedCalls(workers, random);
  const sent = new SentTransactions();
  const events = new Map<string, number>();
  const count = (what: string, by = 1): void => void events.set(what, (events.get(what) ?? 0) + by);
  const reader = new FeedReader(calls, DATABASE, random);
  const ofPrefix = new FeedReader(calls, DATABASE, random, PREFIX);

  const launch = async (): Promise<void> => {
    const worker = await workers.launch(SETTINGS);
    worker.maintenance.start();
  };

  async function write(writer: number): Promise<void> {
    for (let n = 0; n < WRITES_OF_ONE; n++) {
      const changes = anyTransaction(random, `${writer}-${n}`);
      const tx = { checks: [], ops: operationsOf(changes) };
      try {
        const { version } = await calls.write((worker, options) => worker.access.transact(DATABASE, tx, options));
        sent.committed(version, changes);
      } catch {
        sent.unclear.add(JSON.stringify(changes));
      }
      if (pick(3) === 0) await clock.sleep(pick(1_000));
    }
  }

  async function disaster(): Promise<void> {
    const alive = calls.alive();
    const worker = alive[pick(alive.length)]!;
    const owned = worker.access.databases.get(DATABASE.databaseId);
    switch (pick(6)) {
      case 0: {
        // Killed; of what it has sent last something may still arrive, long after others have taken over.
        const late = pick(2) === 0;
        worker.line.trouble(late ? 'hold' : 'lose');
        await clock.sleep(pick(400));
        calls.dead.add(worker);
        worker.crash();
        count('kill', owned === undefined ? 0 : 1);
        if (late) clock.schedule(5_000 + pick(20_000), () => worker.line.mend());
        return launch();
      }
      case 1:
        await launch();
        await worker.drain().catch(() => undefined);
        calls.dead.add(worker);
        worker.crash();
        return count('drain', owned === undefined ? 0 : 1);
      case 2:
        if (owned === undefined) return;
        await worker.access.databases.release(owned).catch(() => undefined);
        return count('release');
      case 3: {
        const ctx = { store: workers.bucket, clock, random };
        const settings = { l0Files: 1 + pick(2), targetFileBytes: 65_536 };
        const { outcome } = await compactDatabase(ctx, DATABASE.databaseId, settings);
        return count('compaction', outcome === 'compacted' ? 1 : 0);
      }
      default:
        await owned?.flush().catch(() => undefined);
        return count('flush', owned === undefined ? 0 : 1);
    }
  }

  async function course(): Promise<Course> {
    await Promise.all([launch(), launch()]);
    let isOver = false;
    const reading = [reader, ofPrefix].map(async (each) => {
      while (!isOver) {
        await each.connect();
        await clock.sleep(pick(500));
      }
    });
    const disasters = (async () => {
      while (!isOver) {
        await clock.sleep(pick(1_500));
        await disaster();
      }
    })();
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    isOver = true;
    await Promise.all([disasters, ...reading]);
    const { version } = await calls.read((worker, options) => worker.access.state(DATABASE, options));
    const last = version!.sequence;
    for (const each of [reader, ofPrefix]) while (each.reached < last) await each.connect();
    const state = await calls.read((worker, options) => worker.list(DATABASE, options));
    const ofLogs = workers.all.flatMap(({ line }) => line.requests).filter(({ key }) => key.startsWith('log/'));
    count('trim', ofLogs.filter(({ verb }) => verb === 'delete').length);
    return { sent, reader, ofPrefix, events, last, state };
  }

  try {
    return await workers.settle(course(), 3_600_000);
  } finally {
    workers.stop();
  }
}

function judge({ sent, reader, ofPrefix, last, state }: Course): void {
  const ids = reader.heard.map(({ id }) => id);
  // Once, in order, and none left out: sequences have no gaps.
  expect(ids.map((id) => parseVersion(id)?.sequence)).toEqual(Array.from({ length: last }, (_, n) => n + 1));
  const heard = new Map(reader.heard.map(({ id, changes }) => [id, changes]));
  for (const [id, changes] of sent.acknowledged) expect([id, heard.get(id)]).toEqual([id, changes]);
  // Whatever else there is, somebody has sent, once, without being told what became of it.
  const others = reader.heard.filter(({ id }) => !sent.acknowledged.has(id)).map(({ changes }) => changes);
  expect(new Set(others).size).toBe(others.length);
  for (const changes of others) expect(sent.unclear).toContain(changes);
  const commits = reader.heard.map(({ changes }) => JSON.parse(changes) as ToldChange[]);
  expect(replay(commits)).toEqual(state);
  expect(ofPrefix.heard).toEqual(reader.heard.map(inPrefix).filter(({ changes }) => changes !== '[]'));
}

/** What a feed of the prefix tells of a commit. */
function inPrefix({ id, changes }: { readonly id: string; readonly changes: string }) {
  const end = 'k1';
  const parts = (JSON.parse(changes) as ToldChange[]).flatMap((change): ToldChange[] => {
    if (change.op !== 'deleteRange') return change.key.startsWith(PREFIX) ? [change] : [];
    return change.start < end ? [{ ...change, end: change.end < end ? change.end : end }] : [];
  });
  return { id, changes: JSON.stringify(parts) };
}

describe('a reader that is killed at random points', () => {
  const total = new Map<string, number>();

  it.each(SEEDS)(
    'hears every commit once and in order, over flushes, trims, compactions and takeovers: seed %d',
    async (seed) => {
      const course = await run(seed);
      judge(course);
      for (const [what, times] of course.events) total.set(what, (total.get(what) ?? 0) + times);
      total.set('resumed', (total.get('resumed') ?? 0) + course.reader.killed);
      total.set('unclear', (total.get('unclear') ?? 0) + course.sent.unclear.size);
      expect(course.sent.acknowledged.size).toBeGreaterThan((WRITERS * WRITES_OF_ONE) / 2);
    },
    30_000,
  );

  it('has seen all of that', () => {
    for (const what of ['kill', 'drain', 'release', 'compaction', 'flush', 'trim', 'resumed', 'unclear']) {
      expect([what, (total.get(what) ?? 0) >= SEEDS.length / 4]).toEqual([what, true]);
    }
  });
});
