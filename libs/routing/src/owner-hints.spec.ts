import { describe, expect, it } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';

import { OwnerHints } from './owner-hints.js';

const [one, two, three] = ['1', '2', '3'] as unknown as [DatabaseId, DatabaseId, DatabaseId];
const [a, b] = ['a', 'b'] as unknown as [SessionId, SessionId];

describe('OwnerHints', () => {
  it('forgets the least recently used beyond its capacity', () => {
    const hints = new OwnerHints(2);
    hints.remember(one, a);
    hints.remember(two, a);
    expect(hints.get(one)).toBe(a);
    hints.remember(three, b);
    expect([hints.get(one), hints.get(two), hints.get(three), hints.size]).toEqual([a, undefined, b, 2]);
  });

  it('forgets an owner only while it still names it', () => {
    const hints = new OwnerHints(2);
    hints.remember(one, a);
    hints.remember(one, b);
    hints.forget(one, a);
    expect(hints.get(one)).toBe(b);
    hints.forget(one, b);
    expect(hints.get(one)).toBeUndefined();
  });
});
