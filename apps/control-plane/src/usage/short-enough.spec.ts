import { describe, expect, it } from '@jest/globals';
import { CostTooLargeError, UsageTooLargeError } from '@leasehold/metadata';

import { shortEnough } from './short-enough.js';

describe('usage that is asked for', () => {
  it.each([new UsageTooLargeError('month', undefined), new CostTooLargeError('day', 'database')])(
    'is refused with advice where its steps are too large: %s',
    async (cause) => {
      const code = 'invalid-parameter';
      const message = `${cause.message}: ask for shorter steps, or for one database`;
      await expect(shortEnough(Promise.reject(cause))).rejects.toMatchObject({ code, message, cause });
    },
  );

  it('is answered otherwise, and what failed is what it was', async () => {
    expect(await shortEnough(Promise.resolve(7))).toBe(7);
    const outage = new Error('Postgres is away');
    await expect(shortEnough(Promise.reject(outage))).rejects.toBe(outage);
  });
});
