import { describe, expect, it } from '@jest/globals';

import { JOB_KINDS, jobKinds, JobPayloadError, parsePayload } from './job-kinds.js';

const DATABASE = '6f1c1c2e-3f63-4d8e-9a63-0f1f2a3b4c5d';
const SESSION = '01k9wq3m5v8x2c7b4n6d1f0g9h';

describe('parsePayload', () => {
  it('accepts what the producer sends', () => {
    expect(parsePayload('compact', { databaseId: DATABASE })).toEqual({ databaseId: DATABASE });
  });

  it.each([undefined, null, {}, [], { databaseId: 7 }, { databaseId: '../x' }, { databaseId: DATABASE, extra: 1 }])(
    'refuses %j',
    (data) => {
      for (const kind of ['compact', 'gc'] as const) expect(() => parsePayload(kind, data)).toThrow(JobPayloadError);
    },
  );
});

describe('parsePayload of jobs on sessions and of sweeps', () => {
  it('accepts what the producer sends, and nothing else', () => {
    expect(parsePayload('recover', { sessionId: SESSION })).toEqual({ sessionId: SESSION });
    expect(parsePayload('sweep', {})).toEqual({});
    for (const data of [undefined, {}, { sessionId: DATABASE }, { sessionId: '../x' }, { databaseId: DATABASE }]) {
      for (const kind of ['recover', 'purge'] as const) expect(() => parsePayload(kind, data)).toThrow(JobPayloadError);
    }
    expect(parsePayload('rollUp', { full: true })).toEqual({ full: true });
    expect(() => parsePayload('rollUp', { session: SESSION })).toThrow(JobPayloadError);
    expect(() => parsePayload('sweep', { now: true })).toThrow(JobPayloadError);
  });
});

describe('JOB_KINDS', () => {
  it('gives every kind a queue of its own, without the colon that the queue refuses', () => {
    const queues = jobKinds().map((kind) => JOB_KINDS[kind].queue);
    expect(new Set(queues).size).toBe(queues.length);
    expect(queues.join()).not.toContain(':');
  });
});
