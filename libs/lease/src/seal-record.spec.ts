import { beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { SessionId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { MemoryStore } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';

import type { SessionContext } from './seal-record.js';
import { sealRecord } from './seal-record.js';
import { Session } from './session.js';
import { SessionResumedError } from './session-errors.js';
import { decodeSessionRecord } from './session-record.js';

const SETTINGS = { endpoint: 'http://127.0.0.1:1', pid: 7, host: 'a', ttlMs: 6_000 };

let clock: FakeClock;
let memory: MemoryStore;
let faulty: FaultyStore;
let own: SessionContext;
let contender: SessionContext;

beforeEach(() => {
  clock = new FakeClock();
  memory = new MemoryStore(clock);
  faulty = new FaultyStore(memory, clock, seededRandom(1));
  own = { store: memory, clock, random: seededRandom(2) };
  contender = { store: faulty, clock, random: seededRandom(3) };
});

async function stored(id: SessionId) {
  const object = await memory.get(bucketLayout.session(id));
  if (object === undefined || object === 'not-modified') throw new Error('no record');
  return { etag: object.etag, record: decodeSessionRecord(object.body) };
}

describe('S3: sealing a record', () => {
  it('keeps everything but state and trail', async () => {
    const session = await Session.start(own, SETTINGS);
    const before = (await stored(session.id)).record;
    const sealed = await sealRecord(contender, session.id);
    expect(sealed).toEqual((await stored(session.id)).record);
    expect(sealed).toEqual({ ...before, state: 'sealed', trail: sealed?.trail });
    expect(sealed?.trail).toMatchObject({ edits: 2, nonces: [expect.any(String), before.trail.nonces[0]] });
  });

  it('never edits a record that is sealed', async () => {
    const session = await Session.start(own, SETTINGS);
    await sealRecord(contender, session.id);
    const before = await stored(session.id);
    await sealRecord(contender, session.id);
    expect(await stored(session.id)).toEqual(before);
  });

  it('never edits a record that is clean', async () => {
    const session = await Session.start(own, SETTINGS);
    await session.sealClean();
    expect(await sealRecord(contender, session.id)).toMatchObject({ state: 'clean' });
    expect((await stored(session.id)).record.state).toBe('clean');
  });

  it('finds nothing where there is no record', async () => {
    expect(await sealRecord(contender, '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId)).toBeUndefined();
  });

  it('settles lost replies and late landings', async () => {
    for (const fault of ['fail-after', 'late', 'fail-before'] as const) {
      const session = await Session.start(own, SETTINGS);
      session.stop();
      faulty.next('put', fault);
      expect(await clock.settle(sealRecord(contender, session.id))).toMatchObject({ state: 'sealed' });
      await faulty.landAll();
      expect((await stored(session.id)).record.trail.edits).toBe(2);
    }
  });

  it('is done once by several contenders at a time', async () => {
    const session = await Session.start(own, SETTINGS);
    const all = await clock.settle(
      Promise.all(
        Array.from({ length: 8 }, (_, i) => sealRecord({ ...contender, random: seededRandom(i + 10) }, session.id)),
      ),
    );
    expect((await stored(session.id)).record.trail.edits).toBe(2);
    for (const sealed of all) expect(sealed).toEqual((await stored(session.id)).record);
  });
});

describe('S2: sealing only what was seen silent', () => {
  it('seals the record that was observed', async () => {
    const session = await Session.start(own, SETTINGS);
    const { etag } = await stored(session.id);
    expect(await sealRecord(contender, session.id, { observedEtag: etag })).toMatchObject({ state: 'sealed' });
  });

  it('leaves a session alone that has renewed since', async () => {
    const session = await Session.start(own, SETTINGS);
    const { etag } = await stored(session.id);
    await clock.advance(2_000);
    await expect(sealRecord(contender, session.id, { observedEtag: etag })).rejects.toBeInstanceOf(SessionResumedError);
    expect((await stored(session.id)).record.state).toBe('live');
    expect(session.serving()).toBe(true);
  });

  it('returns the record that another contender has sealed meanwhile', async () => {
    const session = await Session.start(own, SETTINGS);
    const { etag } = await stored(session.id);
    await sealRecord(contender, session.id);
    expect(await sealRecord(contender, session.id, { observedEtag: etag })).toMatchObject({ state: 'sealed' });
  });
});
