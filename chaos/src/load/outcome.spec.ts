import { describe, expect, it } from '@jest/globals';

import { isServed, outcomeOf } from './outcome.js';

const VERSION = '00000001000000000002';
const answer = (status: number, body: object) => ({
  status,
  version: undefined,
  body: Buffer.from(JSON.stringify(body)),
});

describe('the outcome of a request', () => {
  it.each([
    ['done', { status: 200, version: { epoch: 1, sequence: 2 }, body: new Uint8Array(0) }],
    ['absent', answer(404, { code: 'key-not-found' })],
    ['refused', answer(412, { code: 'precondition-failed', version: VERSION })],
    ['refused', answer(412, { code: 'precondition-failed', version: null })],
    ['not-applied', answer(404, { code: 'database-not-found' })],
    ['not-applied', answer(503, { code: 'owner-unavailable' })],
    ['not-applied', answer(421, { code: 'misdirected' })],
    ['not-applied', { error: 'ECONNREFUSED', neverSent: true }],
    ['unknown', { error: 'ECONNRESET', neverSent: false }],
    ['unknown', answer(503, { code: 'outcome-unknown' })],
    ['unknown', answer(500, { code: 'internal' })],
    ['unknown', { status: 502, version: undefined, body: Buffer.from('<html>') }],
  ])('is %s', (kind, given) => {
    const outcome = outcomeOf(given);
    expect(outcome.kind).toBe(kind);
    expect(isServed(outcome)).toBe(['done', 'absent', 'refused'].includes(kind));
  });

  it('has the version that a transaction tells in its body', () => {
    expect(outcomeOf(answer(200, { version: VERSION, effect: 'committed' }))).toMatchObject({
      version: { epoch: 1, sequence: 2 },
      isReplayed: false,
    });
    expect(outcomeOf({ ...answer(200, {}), isReplayed: true })).toMatchObject({ version: undefined, isReplayed: true });
  });

  it('names what is there instead', () => {
    const outcome = outcomeOf(answer(412, { version: VERSION }));
    expect(outcome).toEqual({ kind: 'refused', present: { epoch: 1, sequence: 2 } });
  });
});
