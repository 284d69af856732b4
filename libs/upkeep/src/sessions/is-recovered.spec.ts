import type { LogDatabase } from '@leasehold/commit-log';
import { emptyHead, HeadStore, type Head } from '@leasehold/engine';
import { systemRandom, type DatabaseId, type SessionId, type TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { MemoryStore, MeteredStore } from '@leasehold/object-store';
import { describe, expect, it } from '@jest/globals';

import { areRecovered, isRecovered } from './is-recovered.js';

const SESSION = '01k9wq3m5v8x2c7b4n6d1f0g9h' as SessionId;
const OTHER = '01k9wq3m5v8x2c7b4n6d1f0g9j' as SessionId;

function id(number: number): DatabaseId {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as DatabaseId;
}

function head(changes: Partial<Head> = {}): Head {
  const identity = { databaseId: id(1), tenantId: 'tenant' as TenantId, name: 'orders' };
  return { ...emptyHead(identity), epoch: 3, owner: SESSION, lastCommit: { epoch: 3, sequence: 10 }, ...changes };
}

function inLog(changes: Partial<LogDatabase> = {}): LogDatabase {
  return { databaseId: id(1), epoch: 3, lastSequence: 10, damaged: false, ...changes };
}

describe('isRecovered (S5)', () => {
  it.each<[string, boolean, Head | undefined, LogDatabase]>([
    ['there is no head', true, undefined, inLog()],
    ['the head has reached the last durable frame', true, head(), inLog()],
    ['the head is behind the last durable frame', false, head(), inLog({ lastSequence: 11 })],
    ['it was released', true, head({ owner: undefined }), inLog({ lastSequence: 11 })],
    ['it was deleted', true, head({ owner: undefined, deletedAt: 5 }), inLog({ lastSequence: 11 })],
    ['another has taken it over', true, head({ epoch: 4, owner: OTHER }), inLog({ lastSequence: 11 })],
    ['it was claimed again and nothing durable followed', true, head({ epoch: 4 }), inLog({ lastSequence: 11 })],
    ['the log is of a later epoch than the head', false, head(), inLog({ epoch: 4, lastSequence: 9 })],
    ['it is quarantined', false, head({ quarantined: true }), inLog()],
    ['it is quarantined and taken over', false, head({ owner: OTHER, epoch: 4, quarantined: true }), inLog()],
    ['a frame is damaged', false, head(), inLog({ damaged: true })],
    ['a damaged frame may be of the present epoch', false, head({ epoch: 4 }), inLog({ epoch: 0, damaged: true })],
    [
      'another took it over without the damaged frame',
      true,
      head({ epoch: 4, owner: OTHER }),
      inLog({ damaged: true }),
    ],
  ])('when %s: %s', (_, expected, present, log) => {
    expect(isRecovered(present, SESSION, log)).toBe(expected);
  });
});

describe('areRecovered', () => {
  it('asks for each head until one is not', async () => {
    const clock = new FakeClock();
    let gets = 0;
    const store = new MeteredStore(new MemoryStore(clock), clock, ({ verb }) => void (gets += verb === 'get' ? 1 : 0));
    const ctx = { store, clock, random: systemRandom };
    const heads = new HeadStore(ctx);
    for (let n = 1; n <= 20; n++) await heads.create(head({ databaseId: id(n) }));
    const databases = Array.from({ length: 20 }, (_, n) => inLog({ databaseId: id(n + 1) }));
    expect(await areRecovered(ctx, SESSION, databases, 4)).toBe(true);
    expect(gets).toBe(20);
    gets = 0;
    expect(await areRecovered(ctx, SESSION, [inLog({ lastSequence: 11 }), ...databases], 4)).toBe(false);
    expect(gets).toBeLessThanOrEqual(4);
  });
});
