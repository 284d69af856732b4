import { describe, expect, it } from '@jest/globals';

import { groupIdOf, keyOfGroup, namelessGroup } from './group-id.js';

describe('whose a row of usage is', () => {
  it('is the database, key or label that it names', () => {
    expect([{ database: 'd' }, { key: 'k' }, { label: 'l' }].map(groupIdOf)).toEqual(['d', 'k', 'l']);
  });

  it('is another where a label is empty than where there is none', () => {
    const ids = [{ label: '' }, { label: null }, { label: 'none' }].map(groupIdOf);
    expect(new Set(ids.map(keyOfGroup)).size).toBe(3);
    expect(ids.map((id) => namelessGroup('label:plan', id))).toEqual(['an empty value', 'without', undefined]);
    expect(namelessGroup('key', groupIdOf({ key: null }))).toBe('no key');
  });
});
