import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { MemoryStore } from '@leasehold/object-store';

import { ClosedLog, readTail } from './closed-log.js';
import type { Frame } from './frame.js';
import { LogCache } from './log-cache.js';
import { logObjectKey } from './log-object.js';
import type { LogSource } from './log-source.js';
import { encodeRollup } from './rollup.js';
import { encodeSegment } from './segment.js';

const SESSION = '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId;
const FLOOR = 11;
const DATABASES = 40;
/** Four frames of each database make every object larger than what is read whole at once. */
const PAYLOAD_BYTES = 1_200;

const idOf = (number: number): DatabaseId =>
  `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as DatabaseId;

let memory: MemoryStore;
let sources: LogSource[];
/** Ranges that were asked for, or undefined for a whole object. */
let gets: (object | undefined)[];

/** One rollup of what lies below the floor, and two loose segments: 3 × 4 frames of each database. */
beforeEach(async () => {
  memory = new MemoryStore(new FakeClock());
  sources = [];
  const rolled = DATABASES * 4;
  await put(
    { sessionId: SESSION, from: 1, to: FLOOR - 1 },
    encodeRollup(
      { sessionId: SESSION, from: 1, to: FLOOR - 1 },
      'ab'.repeat(16),
      Array.from({ length: rolled }, (_, i) => {
        const turn = Math.floor(i / DATABASES);
        return { ...frameOf(i % DATABASES, turn + 1, turn), segment: turn + 1 };
      }),
    ),
  );
  for (const number of [FLOOR, FLOOR + 1]) {
    const before = (number - FLOOR + 1) * 4;
    const frames = Array.from({ length: rolled }, (_, i) => {
      const turn = before + Math.floor(i / DATABASES);
      return frameOf(i % DATABASES, turn + 1, number - 1);
    });
    await put({ sessionId: SESSION, number }, encodeSegment({ sessionId: SESSION, number }, 'cd'.repeat(16), frames));
  }
  gets = [];
  const get = memory.get.bind(memory);
  memory.get = (key, options) => {
    gets.push(options?.range);
    return get(key, options);
  };
});

function frameOf(database: number, sequence: number, previousSegment: number): Frame {
  const payload = Buffer.alloc(PAYLOAD_BYTES, `${database}.${sequence} `);
  const databaseId = idOf(database);
  return { databaseId, epoch: 1, previousSegment, firstSequence: sequence, lastSequence: sequence, payload };
}

async function put(
  name:
    Omit<Extract<LogSource, { number: number }>, 'sizeBytes'> | Omit<Extract<LogSource, { from: number }>, 'sizeBytes'>,
  bytes: Uint8Array,
): Promise<void> {
  await memory.put(logObjectKey(name), bytes, 'create');
  sources.push({ ...name, sizeBytes: bytes.byteLength });
}

async function overwrite(source: LogSource, change: (bytes: Buffer) => Buffer | undefined): Promise<void> {
  const key = logObjectKey(source);
  const object = await memory.get(key);
  if (object === undefined || object === 'not-modified') throw new Error('no object');
  const changed = change(Buffer.from(object.body));
  await memory.delete(key);
  if (changed !== undefined) await memory.put(key, changed, 'create');
}

const closedLog = (cacheBytes = 10_000_000): ClosedLog =>
  new ClosedLog(SESSION, FLOOR, sources, new LogCache(cacheBytes));

const tailOf = (log: ClosedLog, database: number, after = 0): Promise<readonly Frame[]> =>
  readTail({ store: memory }, log, idOf(database), 1, after);

/** What is had of a database, or why it is not. */
const outcomeOf = (log: ClosedLog, database: number): Promise<string> =>
  tailOf(log, database).then(
    (frames) => frames.map(({ payload }) => Buffer.from(payload).toString('latin1', 0, 5).trim()).join(),
    (error: { kind: string }) => error.kind,
  );

const wholes = (): number => gets.filter((range) => range === undefined).length;

describe('a closed log of large objects', () => {
  it('gives the first database what is its own, and reads nothing else than directories', async () => {
    const frames = await tailOf(closedLog(), 7);
    expect(frames.map(({ firstSequence }) => firstSequence)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(wholes()).toBe(0);
    // Header and directory of three objects; one range in the rollup, and one for each frame of the segments.
    expect(gets).toHaveLength(3 * 2 + 1 + 8);
    expect((await tailOf(closedLog(), 7, 9)).map(({ firstSequence }) => firstSequence)).toEqual([10, 11, 12]);
  });

  it('is read whole once when many ask, at once or one after the other', async () => {
    for (const isAtOnce of [true, false]) {
      gets.length = 0;
      const log = closedLog();
      const asked = Array.from({ length: DATABASES }, (_, i) => () => tailOf(log, i));
      const tails: (readonly Frame[])[] = [];
      if (isAtOnce) tails.push(...(await Promise.all(asked.map((ask) => ask()))));
      else for (const ask of asked) tails.push(await ask());
      for (const [i, frames] of tails.entries()) {
        expect(frames).toEqual(
          Array.from({ length: 12 }, (_, n) => expect.objectContaining({ databaseId: idOf(i), lastSequence: n + 1 })),
        );
      }
      expect(wholes()).toBe(3);
      expect(gets).toHaveLength(3 + 3 * 2 + 8 * 9);
    }
  });

  it('gives every database its own without memory to hold anything', async () => {
    const [none, held] = [closedLog(0), closedLog()];
    for (let i = 0; i < DATABASES; i++) expect(await tailOf(none, i)).toEqual(await tailOf(held, i));
    gets.length = 0;
    await tailOf(none, 3);
    expect(gets).toHaveLength(12);
    expect(wholes()).toBe(0);
  });

  it('lets the caller step aside while it is read for all', async () => {
    const log = closedLog();
    let asides = 0;
    const aside = <T>(wait: () => Promise<T>): Promise<T> => {
      asides++;
      return wait();
    };
    for (let i = 0; i < DATABASES; i++) await readTail({ store: memory }, log, idOf(i), 1, 0, aside);
    // Eight came early, the ninth waited for the whole.
    expect(asides).toBe(9);
  });

  it('can be read again after a failure', async () => {
    const log = closedLog();
    const get = memory.get;
    memory.get = () => Promise.reject(new Error('away'));
    await expect(tailOf(log, 1)).rejects.toThrow('away');
    await expect(log.databases({ store: memory })).rejects.toThrow('away');
    memory.get = get;
    expect(await tailOf(log, 1)).toHaveLength(12);
    expect(await log.databases({ store: memory })).toHaveLength(DATABASES);
  });

  it('does not believe damage on the way', async () => {
    const get = memory.get;
    let damaged = 0;
    memory.get = async (key, options) => {
      const object = await get(key, options);
      if (object === undefined || object === 'not-modified' || ++damaged % 3 !== 1) return object;
      const body = Buffer.from(object.body);
      body[Math.floor(body.length / 2)] = (body[Math.floor(body.length / 2)] as number) ^ 1;
      return { ...object, body };
    };
    for (let i = 0; i < DATABASES; i++) expect(await tailOf(closedLog(), i)).toHaveLength(12);
  });
});

describe('L3: damage in a closed log of large objects', () => {
  /** All of it read whole first, so that no directory is asked. */
  async function wholeLog(): Promise<ClosedLog> {
    const log = closedLog();
    await log.databases({ store: memory }).catch(() => undefined);
    return log;
  }

  it('of a directory hides nothing', async () => {
    for (const source of sources) {
      await overwrite(source, (bytes) => {
        bytes[bytes.length - 40] = (bytes[bytes.length - 40] as number) ^ 1;
        return bytes;
      });
    }
    expect(await tailOf(closedLog(), 5)).toHaveLength(12);
    expect(wholes()).toBeGreaterThan(3);
  });

  it('of a header stops every database, as it is not known whose frames they are', async () => {
    await overwrite(sources[1] as LogSource, (bytes) => bytes.fill(0, 0, 8));
    expect(await outcomeOf(closedLog(), 5)).toBe('corrupt');
  });

  it('is an object that is gone', async () => {
    await overwrite(sources[2] as LogSource, () => undefined);
    await memory.put(`workers/${SESSION}`, Buffer.from('record'), 'create');
    await expect(tailOf(closedLog(), 5)).rejects.toMatchObject({ code: 'missing-segment' });
  });

  it('is judged alike by the directories and by whole objects, wherever it is', async () => {
    const random = seededRandom(7);
    const seen = new Set<string>();
    for (let round = 0; round < 60; round++) {
      const source = sources[round % 3] as LogSource;
      let before: Buffer = Buffer.alloc(0);
      // A third in header or directory, the rest anywhere; now and then cut off.
      await overwrite(source, (bytes) => {
        before = Buffer.from(bytes);
        const size = bytes.length;
        const spots = [random.fraction() * 70, size - 1 - random.fraction() * 3_400, random.fraction() * size];
        const at = Math.floor(spots[Math.floor(round / 3) % 3] as number);
        if (round % 10 === 9) return bytes.subarray(0, at);
        bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random.fraction() * 8));
        return bytes;
      });
      const whole = await wholeLog();
      for (let i = 0; i < DATABASES; i += 3) {
        const outcome = await outcomeOf(closedLog(), i);
        expect([round, i, outcome]).toEqual([round, i, await outcomeOf(whole, i)]);
        seen.add(outcome === 'corrupt' ? outcome : 'intact');
      }
      await overwrite(source, () => before);
    }
    expect(seen).toEqual(new Set(['corrupt', 'intact']));
  });
});
