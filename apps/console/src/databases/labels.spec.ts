import { describe, expect, it } from '@jest/globals';

import { labelChange, labelsOf, typedLabels } from './labels.js';

describe('labels', () => {
  it('are typed as key:value, and values may have colons', () => {
    expect(labelsOf(['plan:pro', 'url:http://x', ' flag ', 'plan: basic'])).toEqual({
      plan: 'basic',
      url: 'http://x',
      flag: '',
    });
    expect(typedLabels({ plan: 'pro', flag: '' })).toEqual(['plan:pro', 'flag:']);
  });

  it('are changed by what differs, and null for what is gone', () => {
    expect(labelChange({ a: '1', b: '2', c: '3' }, { b: '2', c: '4', d: '5' })).toEqual({ a: null, c: '4', d: '5' });
    expect(labelChange({ a: '1' }, { a: '1' })).toEqual({});
  });
});
