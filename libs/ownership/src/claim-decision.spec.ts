import { describe, expect, it } from '@jest/globals';
import type { SessionId } from '@leasehold/foundation';
import type { SessionStatus } from '@leasehold/lease';

import { decideClaim } from './claim-decision.js';

const SELF = '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId;
const OTHER = '01jd4zq0s8c3k5m7p9r1t3v5x8' as SessionId;
const STATUSES: readonly SessionStatus[] = ['live', 'expired', 'sealed', 'clean', 'absent'];

function head(owner: SessionId | undefined, more: { deletedAt?: number; quarantined?: boolean } = {}) {
  return { owner, deletedAt: more.deletedAt, quarantined: more.quarantined ?? false };
}

describe('deciding on a claim', () => {
  it.each<[SessionStatus, string]>([
    ['live', 'misdirect'],
    ['expired', 'recover'],
    ['sealed', 'recover'],
    ['clean', 'claim'],
    ['absent', 'claim'],
  ])('answers an owner that is %s with %s', (status, step) => {
    expect(decideClaim(head(OTHER), SELF, status)).toMatchObject({ step });
  });

  it.each(STATUSES)('does not care for the status %s where nobody or this session is the owner', (status) => {
    expect(decideClaim(undefined, SELF, status)).toEqual({ step: 'create' });
    expect(decideClaim(head(undefined), SELF, status)).toEqual({ step: 'claim' });
    expect(decideClaim(head(SELF), SELF, status)).toEqual({ step: 'reclaim' });
  });

  it.each([undefined, SELF, OTHER])(
    'leaves quarantined and deleted databases alone, whoever owns them (%s)',
    (owner) => {
      for (const status of STATUSES) {
        expect(decideClaim(head(owner, { quarantined: true }), SELF, status)).toEqual({ step: 'quarantined' });
        expect(decideClaim(head(owner, { deletedAt: 1 }), SELF, status)).toEqual({ step: 'deleted' });
      }
    },
  );
});
