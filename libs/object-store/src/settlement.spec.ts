import { beforeEach, describe, expect, it } from '@jest/globals';
import { ByteReader, ByteWriter, seededRandom, utf8 } from '@leasehold/foundation';
import type { Random } from '@leasehold/foundation';
import { FaultyStore, VirtualClock } from '@leasehold/object-store-testing';

import { EMPTY_TRAIL, drawNonce, nextTrail, readTrail, writeTrail } from './edit-trail.js';
import type { EditTrail } from './edit-trail.js';
import { MemoryStore } from './memory-store.js';
import { MeteredStore } from './metered-store.js';
import type { ObjectStore, PutCondition, StoredObject } from './object-store.js';
import { settleCreate, settleSwap } from './settlement.js';
import type { SettleContext, SwapOutcome } from './settlement.js';

const KEY = 'db/one/head';
const UNKNOWN = { kind: 'unknown', code: 'outcome-unknown' };

/** A mutable object that remembers every edit it ever had, so that a test can tell what was applied. */
interface Page {
  readonly trail: EditTrail;
  readonly history: readonly string[];
}

const encode = ({ trail, history }: Page): Uint8Array => {
  const writer = new ByteWriter();
  writeTrail(writer, trail);
  return writer.text(history.join(' ')).toBytes();
};
const decode = (body: Uint8Array): Page => {
  const reader = new ByteReader(body);
  return { trail: readTrail(reader), history: reader.text().split(' ').filter(Boolean) };
};
const trailOf = (body: Uint8Array): EditTrail => decode(body).trail;

/** Lets others act between two attempts. */
class Interleaved implements ObjectStore {
  private puts = 0;
  private reads = 0;
  readonly beforePut = new Map<number, () => Promise<unknown>>();
  readonly beforeRead = new Map<number, () => Promise<unknown>>();

  /** Readings whose bytes are cut short on their way. */
  readonly damagedReads = new Set<number>();

  constructor(private readonly store: ObjectStore) {}

  get: ObjectStore['get'] = async (...args) => {
    const read = ++this.reads;
    await this.beforeRead.get(read)?.();
    const object = await this.store.get(...args);
    if (!this.damagedReads.has(read) || object === undefined || object === 'not-modified') return object;
    return { ...object, body: object.body.subarray(0, 1) };
  };
  put: ObjectStore['put'] = async (...args) => {
    await this.beforePut.get(++this.puts)?.();
    return this.store.put(...args);
  };
  delete: ObjectStore['delete'] = (...args) => this.store.delete(...args);
  list: ObjectStore['list'] = (...args) => this.store.list(...args);
}

describe('settlement of conditional puts (P1)', () => {
  let clock: VirtualClock;
  let random: Random;
  let memory: MemoryStore;
  let faulty: FaultyStore;
  let store: Interleaved;
  let ctx: SettleContext;
  let puts: number;

  beforeEach(() => {
    clock = new VirtualClock();
    random = seededRandom(1);
    memory = new MemoryStore(clock);
    puts = 0;
    const metered = new MeteredStore(memory, clock, ({ verb }) => void (puts += verb === 'put' ? 1 : 0));
    faulty = new FaultyStore(metered, clock, random);
    store = new Interleaved(faulty);
    ctx = { store, clock, random };
  });

  const present = async (): Promise<StoredObject> => {
    const object = await memory.get(KEY);
    if (object === undefined || object === 'not-modified') throw new Error('nothing there');
    return object;
  };
  const history = async (): Promise<readonly string[]> => decode((await present()).body).history;

  /** One edit by somebody else, who has no trouble. */
  const editByOther = async (times = 1): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const base = await present();
      const page = decode(base.body);
      const nonce = drawNonce(random);
      const body = encode({ trail: nextTrail(page.trail, nonce), history: [...page.history, nonce] });
      expect(await memory.put(KEY, body, { match: base.etag })).toMatchObject({ outcome: 'done' });
    }
  };
  const createByOther = async (): Promise<void> => {
    const nonce = drawNonce(random);
    await memory.put(KEY, encode({ trail: nextTrail(EMPTY_TRAIL, nonce), history: [nonce] }), 'create');
  };
  /** Our edit of what is there now. */
  const swap = async (over: Partial<SettleContext> = {}): Promise<{ nonce: string; outcome: SwapOutcome }> => {
    const base = await memory.get(KEY);
    const stored = base as StoredObject | undefined;
    const page = stored ? decode(stored.body) : { trail: EMPTY_TRAIL, history: [] };
    const nonce = drawNonce(random);
    const body = encode({ trail: nextTrail(page.trail, nonce), history: [...page.history, nonce] });
    const condition: PutCondition = stored ? { match: stored.etag } : 'create';
    const outcome = await settleSwap({ ...ctx, ...over }, KEY, body, {
      condition,
      nonce,
      baseEdits: page.trail.edits,
      trailOf,
    });
    return { nonce, outcome };
  };

  describe('of an edit', () => {
    beforeEach(createByOther);

    it('is done after one put when the store says so', async () => {
      const { nonce, outcome } = await swap();
      expect(outcome).toEqual({ outcome: 'done', etag: (await present()).etag });
      expect((await history()).at(-1)).toBe(nonce);
      expect(puts).toBe(1);
    });

    it('is refused, with what is there, when somebody was faster', async () => {
      store.beforePut.set(1, () => editByOther());
      const { nonce, outcome } = await swap();
      expect(outcome).toEqual({ outcome: 'refused', current: await present() });
      expect(await history()).not.toContain(nonce);
    });

    it('repeats attempts that were not applied until one is', async () => {
      faulty.next('put', 'fail-before', 'fail-before', 'fail-before');
      const { nonce, outcome } = await swap();
      expect(outcome.outcome).toBe('done');
      expect((await history()).at(-1)).toBe(nonce);
    });

    it('does not trust a refusal after its own lost answer', async () => {
      faulty.next('put', 'fail-after');
      const { nonce, outcome } = await swap();
      expect(outcome).toEqual({ outcome: 'done', etag: (await present()).etag });
      expect((await history()).filter((edit) => edit === nonce)).toHaveLength(1);
    });

    it('is superseded when it was applied, its answer lost, and somebody edited on top', async () => {
      faulty.next('put', 'fail-after');
      store.beforePut.set(2, () => editByOther(15));
      const { nonce, outcome } = await swap();
      expect(outcome).toEqual({ outcome: 'superseded', current: await present() });
      expect(await history()).toContain(nonce);
    });

    it('is unknown when it was applied and 16 edits followed', async () => {
      faulty.next('put', 'fail-after');
      store.beforePut.set(2, () => editByOther(16));
      await expect(swap()).rejects.toMatchObject(UNKNOWN);
    });

    it('is refused when 16 edits followed the base and none is its own', async () => {
      faulty.next('put', 'fail-before');
      store.beforePut.set(2, () => editByOther(16));
      expect((await swap()).outcome.outcome).toBe('refused');
    });

    it('is unknown when 17 edits followed the base and none of the last 16 is its own', async () => {
      faulty.next('put', 'fail-before');
      store.beforePut.set(2, () => editByOther(17));
      await expect(swap()).rejects.toMatchObject(UNKNOWN);
    });

    it('is refused whatever followed when its only attempt was refused', async () => {
      store.beforePut.set(1, () => editByOther(40));
      expect((await swap()).outcome.outcome).toBe('refused');
    });

    it('is not harmed by an abandoned attempt that lands after the repeated one', async () => {
      faulty.next('put', 'late');
      const { nonce, outcome } = await swap();
      await editByOther();
      await faulty.landAll();
      expect(outcome.outcome).toBe('done');
      expect((await history()).filter((edit) => edit === nonce)).toHaveLength(1);
      expect((await history()).at(-1)).not.toBe(nonce);
    });

    it('never lands after it was refused', async () => {
      faulty.next('put', 'late');
      store.beforePut.set(2, () => editByOther());
      const { nonce, outcome } = await swap();
      expect(outcome.outcome).toBe('refused');
      await faulty.landAll();
      expect(await history()).not.toContain(nonce);
    });

    it('finds its own edit when the abandoned attempt lands just before the repeated one', async () => {
      faulty.next('put', 'late');
      store.beforePut.set(2, () => faulty.landAll());
      const { outcome } = await swap();
      expect(outcome).toEqual({ outcome: 'done', etag: (await present()).etag });
    });

    it('reads again what came damaged, and finds its own edit', async () => {
      faulty.next('put', 'fail-after');
      store.damagedReads.add(1);
      expect((await swap()).outcome.outcome).toBe('done');
    });

    it('is unknown when what could tell of it stays damaged', async () => {
      faulty.next('put', 'fail-after');
      for (let read = 1; read <= 10; read++) store.damagedReads.add(read);
      await expect(swap()).rejects.toMatchObject(UNKNOWN);
    });

    it('fails when it was refused at once by something that stays damaged', async () => {
      store.beforePut.set(1, editByOther);
      for (let read = 1; read <= 10; read++) store.damagedReads.add(read);
      await expect(swap()).rejects.toMatchObject({ kind: 'corrupt' });
    });

    it('tries again when the store refuses a condition that holds', async () => {
      faulty.next('put', 'refuse', 'refuse');
      const { nonce, outcome } = await swap();
      expect(outcome.outcome).toBe('done');
      expect((await history()).at(-1)).toBe(nonce);
    });

    it('reads until it can, to settle', async () => {
      faulty.next('put', 'fail-after').next('get', 'fail-before', 'fail-before');
      expect((await swap()).outcome.outcome).toBe('done');
    });

    it('is refused when the object is gone and the only attempt was refused', async () => {
      store.beforePut.set(1, () => memory.delete(KEY));
      expect((await swap()).outcome).toEqual({ outcome: 'refused', current: undefined });
    });

    it('is unknown when the object is gone after an attempt without answer', async () => {
      faulty.next('put', 'fail-after');
      store.beforePut.set(2, () => memory.delete(KEY));
      await expect(swap()).rejects.toMatchObject(UNKNOWN);
    });

    it('is unknown when no answer comes in time, and ends in time', async () => {
      faulty.setRates({ 'fail-before': 1 });
      await expect(swap({ timeoutMs: 10_000 })).rejects.toMatchObject(UNKNOWN);
      expect(clock.monotonic()).toBeGreaterThan(8_000);
      expect(clock.monotonic()).toBeLessThanOrEqual(10_000);
    });

    it('is unknown when it cannot read in time', async () => {
      faulty.next('put', 'fail-after').setRates({});
      faulty.next('get', ...Array.from({ length: 100 }, () => 'fail-before' as const));
      await expect(swap({ timeoutMs: 5_000 })).rejects.toMatchObject(UNKNOWN);
    });

    it('ends as unknown when its signal aborts', async () => {
      faulty.setRates({ 'fail-before': 1 });
      const controller = new AbortController();
      clock.schedule(1_000, () => controller.abort());
      await expect(swap({ signal: controller.signal })).rejects.toMatchObject(UNKNOWN);
      expect(clock.monotonic()).toBeLessThan(3_000);
    });

    it('abandons an attempt that hangs when the time is over', async () => {
      const hanging: ObjectStore = {
        ...store,
        put: (_key, _body, _condition, options) =>
          new Promise((resolve) => {
            options?.signal?.addEventListener('abort', () =>
              resolve({ outcome: 'unknown', cause: new Error('abandoned') }),
            );
            clock.advance(30_000);
          }),
      };
      await expect(swap({ store: hanging })).rejects.toMatchObject(UNKNOWN);
    });
  });

  describe('with a time for each attempt', () => {
    beforeEach(createByOther);

    /** Applies every put at once and answers after a while, or when it is given up. */
    const answeringAfter = (...latenciesMs: number[]): ObjectStore => ({
      ...store,
      get: (...args) => store.get(...args),
      put: async (key, body, condition, options) => {
        const answer = await memory.put(key, body, condition);
        await clock.sleep(latenciesMs.shift() ?? 0);
        return options?.signal?.aborted ? { outcome: 'unknown', cause: options.signal.reason } : answer;
      },
    });

    it('asks again instead of waiting for one answer', async () => {
      const { nonce, outcome } = await swap({ store: answeringAfter(1_000), attemptTimeoutMs: 500 });
      expect(outcome).toEqual({ outcome: 'done', etag: (await present()).etag });
      expect((await history()).at(-1)).toBe(nonce);
      expect(clock.monotonic()).toBeLessThan(2_000);
    });

    it('lets a store that is slow for everybody answer in the end', async () => {
      const { outcome } = await swap({ store: answeringAfter(3_000, 3_000, 3_000, 3_000), attemptTimeoutMs: 500 });
      expect(outcome.outcome).toBe('done');
    });
  });

  describe('of the first edit', () => {
    it('is done, also when its answer was lost', async () => {
      faulty.next('put', 'fail-after');
      expect((await swap()).outcome).toEqual({ outcome: 'done', etag: (await present()).etag });
    });

    it('is superseded when others have edited what it created', async () => {
      faulty.next('put', 'fail-after');
      store.beforePut.set(2, () => editByOther());
      expect((await swap()).outcome.outcome).toBe('superseded');
    });

    it('is refused when somebody else created the object', async () => {
      faulty.next('put', 'fail-before');
      store.beforePut.set(2, createByOther);
      expect((await swap()).outcome).toEqual({ outcome: 'refused', current: await present() });
    });

    it('tries again when what was in the way is gone', async () => {
      store.beforePut.set(1, createByOther);
      store.beforeRead.set(1, () => memory.delete(KEY));
      expect((await swap()).outcome.outcome).toBe('done');
    });
  });

  describe('of an object that is created only', () => {
    const ours = utf8('segment of ours');

    it('is done after one put when the store says so', async () => {
      expect(await settleCreate(ctx, KEY, ours)).toEqual({ outcome: 'done', etag: (await present()).etag });
      expect(puts).toBe(1);
    });

    it.each(['fail-before', 'fail-after', 'late', 'refuse', 'delay'] as const)(
      'is done in spite of %s',
      async (fault) => {
        faulty.next('put', fault);
        expect(await settleCreate(ctx, KEY, ours)).toEqual({ outcome: 'done', etag: (await present()).etag });
        await faulty.landAll();
        expect((await present()).body).toEqual(ours);
      },
    );

    it.each(['none', 'fail-before', 'late'] as const)(
      'gives what exists when somebody was faster, after %s',
      async (fault) => {
        faulty.next('put', fault);
        store.beforePut.set(fault === 'none' ? 1 : 2, () => memory.put(KEY, utf8('of another'), 'create'));
        const settled = await settleCreate(ctx, KEY, ours);
        expect(settled).toEqual({ outcome: 'exists', object: await present() });
        await faulty.landAll();
        expect((await present()).body).toEqual(utf8('of another'));
      },
    );

    it('is done when its own object came damaged once', async () => {
      faulty.next('put', 'fail-after');
      store.damagedReads.add(1);
      expect(await settleCreate(ctx, KEY, ours)).toMatchObject({ outcome: 'done' });
    });

    it('exists, by two readings, when another has created one as long', async () => {
      const theirs = Uint8Array.from(ours, (byte) => byte ^ 1);
      await memory.put(KEY, theirs, 'create');
      store.damagedReads.add(1);
      expect(await settleCreate(ctx, KEY, ours)).toMatchObject({ outcome: 'exists', object: { body: theirs } });
    });

    it('does not resurrect what was deleted between two readings', async () => {
      faulty.next('put', 'fail-after');
      store.damagedReads.add(1);
      store.beforeRead.set(2, () => memory.delete(KEY));
      await expect(settleCreate(ctx, KEY, ours)).rejects.toMatchObject(UNKNOWN);
      expect(await memory.get(KEY)).toBeUndefined();
    });

    it('does not resurrect what was deleted after an attempt without answer', async () => {
      faulty.next('put', 'fail-after', 'refuse');
      store.beforeRead.set(1, () => memory.delete(KEY));
      await expect(settleCreate(ctx, KEY, ours)).rejects.toMatchObject(UNKNOWN);
      expect(await memory.get(KEY)).toBeUndefined();
    });
  });

  it.each(Array.from({ length: 40 }, (_, seed) => [seed]))(
    'tells the truth of every edit of 3 writers on a bad store, seed %i',
    async (seed) => {
      random = seededRandom(seed);
      faulty = new FaultyStore(memory, clock, random, {
        'fail-before': 0.15,
        'fail-after': 0.15,
        late: 0.15,
        refuse: 0.05,
      });
      await createByOther();
      const claimed: { nonce: string; outcome: SwapOutcome['outcome'] }[] = [];
      const writer = async (): Promise<void> => {
        for (let i = 0; i < 12; i++) {
          try {
            const { nonce, outcome } = await swap({ store: faulty, random });
            claimed.push({ nonce, outcome: outcome.outcome });
          } catch (error) {
            expect(error).toMatchObject(UNKNOWN);
          }
        }
      };
      await Promise.all([writer(), writer(), writer()]);
      await faulty.landAll();
      const applied = await history();
      for (const { nonce, outcome } of claimed)
        expect([nonce, applied.includes(nonce)]).toEqual([nonce, outcome !== 'refused']);
      expect(new Set(applied).size).toBe(applied.length);
      expect(claimed.some(({ outcome }) => outcome === 'done')).toBe(true);
      expect(faulty.trace.length).toBeGreaterThan(5);
    },
  );
});
