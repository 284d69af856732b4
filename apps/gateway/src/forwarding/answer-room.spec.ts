import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { AnswerRoom } from './answer-room.js';
import { presenceOf } from './client-presence.js';

const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'] as [TenantId, TenantId, TenantId, TenantId, TenantId];
const MIB = 1024 * 1024;

describe('the room for answers', () => {
  let clock: FakeClock;
  let takenBytes: number;
  let room: AnswerRoom;

  beforeEach(() => {
    clock = new FakeClock();
    takenBytes = 0;
    room = new AnswerRoom(clock, {}, (bytes) => (takenBytes = bytes));
  });

  /** A client that has yet to take an answer of this size. */
  function answer(tenantId: TenantId, sizeBytes: number) {
    const leaving = new AbortController();
    room.forRequest(
      tenantId,
      presenceOf(leaving.signal, () => leaving.abort()),
    )(sizeBytes);
    return { take: () => leaving.abort(), isCutOff: () => leaving.signal.aborted };
  }

  it('is not filled by the slow clients of one tenant', () => {
    const [first] = Array.from({ length: 16 }, () => answer(A, 4 * MIB));
    expect(() => answer(A, 1)).toThrow(expect.objectContaining({ code: 'too-many-requests', retryAfterMs: 1_000 }));
    answer(B, 4 * MIB);
    first?.take();
    answer(A, 4 * MIB);
    expect(takenBytes).toBe(68 * MIB);
  });

  it('takes the largest answer of a worker for each tenant, and no more than its bound of all', () => {
    for (const tenantId of [A, B, C, D]) answer(tenantId, 64 * MIB);
    expect(() => answer(E, 1)).toThrow(expect.objectContaining({ code: 'overloaded', retryAfterMs: 1_000 }));
  });

  it('cuts a client off that takes its answer too slowly: a minute, and a second for each 64,000 bytes', async () => {
    const small = answer(A, 100_000);
    const large = answer(A, 6_400_000);
    await clock.advance(61_562);
    expect(small.isCutOff()).toBe(false);
    await clock.advance(1);
    expect([small.isCutOff(), large.isCutOff(), takenBytes]).toEqual([true, false, 6_400_000]);
    await clock.advance(160_000 - 61_563);
    expect([large.isCutOff(), takenBytes]).toEqual([true, 0]);
  });

  it('times the last of several answers to one request, and no answer that was taken', async () => {
    const client = new AbortController();
    let cuts = 0;
    const admit = room.forRequest(
      A,
      presenceOf(client.signal, () => void cuts++),
    );
    admit(MIB);
    await clock.advance(60_000);
    admit(MIB);
    await clock.advance(60_000);
    expect([cuts, takenBytes]).toEqual([0, MIB]);
    client.abort();
    await clock.advance(600_000);
    expect([cuts, takenBytes]).toEqual([0, 0]);
  });
});
