import { describe, expect, it } from '@jest/globals';
import { CorruptBytesError, utf8, type TenantId } from '@leasehold/foundation';

import {
  decodeRevocationState,
  encodeRevocationState,
  KEY_KEPT_MS,
  MAX_REVOKED_KEYS,
  MAX_SUSPENDED,
  NO_REVOCATIONS,
  recentRevocations,
  resumption,
  suspension,
  type RevocationState,
} from './revocation-state.js';

const A = 'tenant-a' as TenantId;
const STATE: RevocationState = {
  number: 7,
  id: '01kc0000000000000000000000',
  at: 1_764_300_000_000,
  suspended: [{ tenantId: A, reason: 'abuse', by: 'op@example.com', at: 1_764_200_000_000, number: 5 }],
  keys: [{ id: 'k1', at: 1_764_299_999_000 }],
  providers: [{ id: 'p1', at: 1_764_299_999_500 }],
};
const GOLDEN =
  '{"format":2,"number":7,"id":"01kc0000000000000000000000","at":1764300000000,' +
  '"suspended":[{"tenant":"tenant-a","reason":"abuse","by":"op@example.com","at":1764200000000,"number":5}],' +
  '"keys":[{"id":"k1","at":1764299999000}],"providers":[{"id":"p1","at":1764299999500}]}';
const GOLDEN_V1 = GOLDEN.replace('"format":2', '"format":1').replace(/,"providers".*$/, '}');

describe('the state of revocations', () => {
  it('is written as its golden bytes, and read from them', () => {
    expect(Buffer.from(encodeRevocationState(STATE)).toString()).toBe(GOLDEN);
    expect(decodeRevocationState(utf8(GOLDEN), 7)).toEqual(STATE);
  });

  it.each([
    ['nothing', ''],
    ['half of it', GOLDEN.slice(0, 60)],
    ['a list', '[]'],
    ['null', 'null'],
    ['a format that never was', GOLDEN.replace('"format":2', '"format":0')],
    ['a format that is no number', GOLDEN.replace('"format":2', '"format":"2"')],
    ['no providers', GOLDEN.replace(/,"providers".*$/, '}')],
    ['another number', GOLDEN.replace('"number":7', '"number":8')],
    ['no id', GOLDEN.replace('"id":"01kc0000000000000000000000",', '')],
    ['a tenant that is none', GOLDEN.replace('tenant-a', '../x')],
    ['a suspension without a reason', GOLDEN.replace('"reason":"abuse",', '')],
    ['a key without a time', GOLDEN.replace('"at":1764299999000', '"at":"now"')],
    ['keys that are no list', GOLDEN.replace(/"keys":.*$/, '"keys":{},"providers":[]}')],
    ['a provider without an id', GOLDEN.replace('"id":"p1",', '')],
  ])('is not read from %s', (_what, text) => {
    expect(() => decodeRevocationState(utf8(text), 7)).toThrow(CorruptBytesError);
  });

  it('is read as version 1 wrote it, and not written over where a later version wrote it', () => {
    expect(decodeRevocationState(utf8(GOLDEN_V1), 7)).toEqual({ ...STATE, providers: [] });
    const later = utf8(GOLDEN.replace('"format":2', '"format":3'));
    expect(() => decodeRevocationState(later, 7)).toThrow(expect.objectContaining({ kind: 'unavailable' }));
  });

  it('suspends once, and resumes what is suspended', () => {
    const suspended = { ...NO_REVOCATIONS, ...suspension(A, 'abuse', 'op')(NO_REVOCATIONS, 10) };
    expect(suspended.suspended).toEqual([{ tenantId: A, reason: 'abuse', by: 'op', at: 10, number: 1 }]);
    expect(suspension(A, 'again', 'op')(suspended, 20)).toBeUndefined();
    expect(resumption(A)(suspended, 20)).toEqual({ suspended: [], keys: [], providers: [] });
    expect(resumption(A)(NO_REVOCATIONS, 20)).toBeUndefined();
  });

  it('refuses more suspensions than a state holds, and drops none for another', () => {
    const full = { ...NO_REVOCATIONS, suspended: Array.from({ length: MAX_SUSPENDED }, () => STATE.suspended[0]!) };
    expect(() => suspension('b' as TenantId, '', '')(full, 1)).toThrow('no more than');
  });

  it('is not written larger than it is read, however long the reasons are', () => {
    const long = { ...STATE.suspended[0]!, reason: '😀'.repeat(500) };
    const full = { ...STATE, suspended: Array.from({ length: MAX_SUSPENDED }, () => long) };
    expect(() => encodeRevocationState(full)).toThrow(expect.objectContaining({ kind: 'quota' }));
  });

  it('keeps revoked keys for an hour, and the latest ones where there are too many', () => {
    const { at, keys, providers } = STATE;
    const tell = (more: Partial<RevocationState>, now: number) =>
      recentRevocations({ keys: [], providers: [], ...more })(STATE, now);
    expect(tell({ keys, providers }, at)).toBeUndefined();
    expect(tell({ keys: [{ id: 'old', at: at - KEY_KEPT_MS }] }, at)).toBeUndefined();
    const later = at + KEY_KEPT_MS;
    expect(tell({ keys: [{ id: 'k2', at: later }] }, later)).toMatchObject({
      keys: [{ id: 'k2', at: later }],
      providers,
    });
    expect(tell({ providers: [{ id: 'p2', at }] }, at)).toMatchObject({
      keys,
      providers: [...providers, { id: 'p2', at }],
    });
    const many = Array.from({ length: MAX_REVOKED_KEYS }, (_, index) => ({ id: `m${index}`, at }));
    const kept = tell({ keys: many }, at)?.keys;
    expect([kept?.length, kept?.some(({ id }) => id === 'k1')]).toEqual([MAX_REVOKED_KEYS, false]);
  });
});
