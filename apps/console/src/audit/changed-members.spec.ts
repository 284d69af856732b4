import { describe, expect, it } from '@jest/globals';

import { changedMembers } from './changed-members.js';

describe('what an audit entry tells of a change', () => {
  it('is what differs, by name', () => {
    const before = { name: 'shop', labels: { plan: 'pro' }, deleteProtection: false };
    const after = { name: 'shop', labels: { plan: 'free' }, deleteProtection: true, sizeLimitBytes: null };
    expect(changedMembers(before, after)).toEqual([
      { name: 'deleteProtection', before: 'false', after: 'true' },
      { name: 'labels', before: '{"plan":"pro"}', after: '{"plan":"free"}' },
      { name: 'sizeLimitBytes', before: '–', after: 'null' },
    ]);
  });

  it('is everything of what was made or deleted', () => {
    expect(changedMembers(null, { name: 'shop' })).toEqual([{ name: 'name', before: '–', after: 'shop' }]);
    expect(changedMembers({ name: 'shop' }, null)).toEqual([{ name: 'name', before: 'shop', after: '–' }]);
    expect(changedMembers(null, null)).toEqual([]);
  });
});
