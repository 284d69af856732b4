import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { DATABASE, EngineWorld, memtableOf, texts } from '../../testing/engine-world.js';
import { describeCommit, HistoryModel } from '../../testing/history-model.js';
import { compactDatabase } from '../compaction/compact-database.js';
import type { Commit } from '../entry.js';
import type { Head } from '../format/head.js';
import { collectGarbage } from '../gc/collect-garbage.js';
import { filesOf } from '../head/file-ids.js';
import { changesCompleteFrom } from '../head/history-files.js';
import { View } from '../read/view.js';
import { readChanges } from './read-changes.js';

const HOUR = 60 * 60 * 1000;
const STEPS = 260;
/** So small that every kind of compaction comes up. */
const COMPACTION = {
  l0Files: 3,
  targetFileBytes: 600,
  rangeDeletes: 1,
  smallLevelBytes: 0,
  levelRatio: 0.3,
  mostL0Files: 7,
  tierFileBytes: 4_000,
};

/** Kinds of compactions and roles of history that came up: a journey that meets none of a kind proves nothing of it. */
const met = new Set<string>();

/** One database, its model, and jobs whose clocks are wrong by up to `skewMs` either way. */
class Journey {
  readonly world: EngineWorld;
  readonly model: HistoryModel;
  private readonly pending: Commit[] = [];
  private mostAhead: number;

  constructor(
    seed: number,
    private readonly retentionMs: number,
    private readonly skewMs: number,
  ) {
    this.world = new EngineWorld(seed);
    this.model = new HistoryModel(seededRandom(seed * 7_919));
    this.mostAhead = this.world.clock.now();
  }

  async step(): Promise<void> {
    const { world, model } = this;
    const draw = model.pick(100);
    if (draw < 55) this.pending.push(model.commit(world.clock.now()));
    else if (draw < 65) world.clock.advance(model.pick(draw === 55 ? 20 * HOUR : HOUR));
    else if (draw < 82) await this.flush();
    else if (draw < 90) await this.compact();
    else if (draw < 93) await collectGarbage(world.ctx, DATABASE, { minAgeMs: 0 });
    else await this.check();
  }

  async flush(): Promise<void> {
    this.noteTime(this.world.clock.now());
    await this.world.flush(this.pending, { inlineLimitBytes: [0, 300, 1_200, 4_000][this.model.pick(4)] as number });
    this.pending.length = 0;
  }

  async compact(): Promise<void> {
    const { clock } = this.world;
    const skewMs = this.model.pick(2 * this.skewMs + 1) - this.skewMs;
    this.noteTime(clock.now() + skewMs);
    const skewed: Clock = {
      now: () => clock.now() + skewMs,
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      schedule: (ms, callback) => clock.schedule(ms, callback),
    };
    const { kind } = await compactDatabase({ ...this.world.ctx, clock: skewed }, DATABASE, COMPACTION);
    if (kind !== undefined) met.add(kind);
  }

  async check(): Promise<void> {
    const { world, model } = this;
    const { head } = await world.load();
    const last = model.sequence;
    // Nothing inside of the window is ever dropped, by the clock furthest ahead.
    if (this.retentionMs > 0) expect(head.horizon).toBeLessThanOrEqual(model.lastBy(this.mostAhead - this.retentionMs));
    for (const at of new Set([last, head.horizon, ...[1, 2, 3].map(() => model.pick(last + 1))])) {
      if (at < head.horizon)
        expect(() => this.view(head, at)).toThrow(expect.objectContaining({ code: 'history-gone' }));
      else await this.expectState(head, at);
    }
    const completeFrom = changesCompleteFrom(head);
    for (const since of [completeFrom, completeFrom + model.pick(last - completeFrom + 1)])
      expect(await this.changes(head, since)).toEqual(model.changesSince(since));
    if (completeFrom > 0)
      await expect(this.changes(head, completeFrom - 1)).rejects.toMatchObject({ code: 'history-gone' });
    const since = head.horizon + model.pick(last - head.horizon + 1);
    if (since > 0) await this.expectChangeSeen(head, since);
    for (const { role } of head.history) met.add(role);
    for (const { id } of filesOf(head)) expect(await world.memory.get(bucketLayout.sst(DATABASE, id))).toBeDefined();
    expect(head.usage.total.commits).toBe(head.lastCommit.sequence);
  }

  /** After the window has passed everything: only the present is left. */
  async settle(): Promise<void> {
    const { world } = this;
    await this.flush();
    world.clock.advance(this.retentionMs + 24 * HOUR);
    this.pending.push(this.model.commit(world.clock.now()));
    await this.flush();
    for (let jobs = 0; jobs < 20; jobs++) {
      const { outcome } = await compactDatabase(world.ctx, DATABASE, COMPACTION);
      if (outcome === 'idle') break;
    }
    await collectGarbage(world.ctx, DATABASE, { minAgeMs: 0 });
    await this.check();
    const { head } = await world.load();
    const { objects } = await world.memory.list(bucketLayout.ssts(DATABASE));
    const named = [...filesOf(head)].map(({ id }) => bucketLayout.sst(DATABASE, id)).sort();
    expect(objects.map(({ key }) => key)).toEqual(named);
  }

  private async expectState(head: Head, at: number): Promise<void> {
    const now = Math.max(this.world.clock.now(), this.pending.at(-1)?.committedAt ?? 0);
    const expected = this.model.stateAt(at, now);
    const { entries } = await this.view(head, at).scan({ limit: 1_000 });
    expect({ at, entries: texts(entries) }).toEqual({ at, entries: expected });
    const key = Buffer.from(`k${String(this.model.pick(24)).padStart(2, '0')}`);
    const entry = await this.view(head, at).get(key);
    expect({ at, got: entry && texts([entry])[0] }).toEqual({
      at,
      got: expected.find((line) => line.startsWith(`${key.toString()}=`)),
    });
  }

  /** A range check may only pass where nothing was committed and nothing expired since the version. */
  private async expectChangeSeen(head: Head, since: number): Promise<void> {
    const { model, world } = this;
    const change = await this.view(head).firstChange({}, since);
    if (change !== undefined) return;
    const { committedAt } = model.commits[since - 1] as Commit;
    expect(model.stateAt(model.sequence, world.clock.now())).toEqual(model.stateAt(since, committedAt));
  }

  private view(head: Head, through?: number): View {
    const { memory, clock } = this.world;
    const memtables = [memtableOf(this.pending)];
    return new View({
      head,
      memtables,
      files: { store: memory, cache: undefined },
      now: clock.now(),
      ...(through === undefined ? {} : { through }),
    });
  }

  private async changes(head: Head, since: number): Promise<string[]> {
    const shown: string[] = [];
    const split = this.model.pick(this.pending.length + 1);
    const memtables = [memtableOf(this.pending.slice(split)), memtableOf(this.pending.slice(0, split))];
    const source = { head, memtables, files: { store: this.world.memory, cache: undefined } };
    let from = since;
    for (;;) {
      const maxCommits = 1 + this.model.pick(9);
      const page = await readChanges(source, { since: from, maxCommits, maxBytes: 1 + this.model.pick(2_000) });
      expect(page.commits.length).toBeLessThanOrEqual(maxCommits);
      shown.push(...page.commits.map(describeCommit));
      if (page.through === from) return shown;
      expect(page.commits.every(({ version: { sequence } }) => sequence > from && sequence <= page.through)).toBe(true);
      from = page.through;
    }
  }

  private noteTime(now: number): void {
    this.mostAhead = Math.max(this.mostAhead, now);
  }
}

describe.each([
  { retentionMs: 0, skewMs: 0 },
  { retentionMs: 2 * HOUR, skewMs: 0 },
  { retentionMs: 24 * HOUR, skewMs: 3 * HOUR },
  { retentionMs: 1_000_000 * HOUR, skewMs: 0 },
])('the past with a window of $retentionMs ms and clocks wrong by $skewMs ms', ({ retentionMs, skewMs }) => {
  it.each([1, 2, 3, 4])(
    'is as it was, at every version from the horizon on, and in the feed from wherever that is complete (seed %i)',
    async (seed) => {
      const journey = new Journey(seed, retentionMs, skewMs);
      await journey.world.claim(retentionMs);
      for (let step = 0; step < STEPS; step++) await journey.step();
      await journey.check();
      if (retentionMs < 1_000 * HOUR) await journey.settle();
      else expect((await journey.world.load()).head.horizon).toBe(0);
    },
  );
});

describe('the journeys', () => {
  it('met every kind of compaction and of history', () => {
    expect([...met].sort()).toEqual(['garbage', 'levels', 'merged', 'tier', 'trim', 'versions']);
  });
});
