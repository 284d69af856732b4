import { describe, expect, it } from '@jest/globals';

import { requestIdFrom } from './request-id.js';

describe('the id of a request', () => {
  it('is kept when it is sane', () => {
    expect(requestIdFrom('abc.1:2-3_4')).toBe('abc.1:2-3_4');
  });

  it.each([[undefined], [''], ['a b'], ['a\r\nx'], ['a'.repeat(129)], [['a']]])('is drawn instead of %j', (odd) => {
    expect(requestIdFrom(odd)).toMatch(/^[0-9a-f-]{36}$/);
  });
});
