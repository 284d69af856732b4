import { describe, expect, it } from '@jest/globals';

import { limitUnder, type TenantLimit } from './tenant-limit.js';

const OF_ALL: TenantLimit = {
  requestsPerSecond: 1_000,
  burstRequests: 5_000,
  bytesPerSecond: 10_000,
  burstBytes: 20_000,
  concurrentRequests: 256,
};

describe('the limit of a tenant', () => {
  it.each([
    ['nothing is said', undefined, {}],
    ['nothing is limited', { concurrentWakes: 3, usedUpStorageBytes: 7 }, {}],
    [
      'a rate is said, whose burst is two seconds of it',
      { requestsPerSecond: 10 },
      { requestsPerSecond: 10, burstRequests: 20 },
    ],
    ['a burst is said', { burstRequests: 7 }, { burstRequests: 7 }],
    ['both are said', { requestsPerSecond: 10, burstRequests: 7 }, { requestsPerSecond: 10, burstRequests: 7 }],
    ['bytes are said', { bytesPerSecond: 50 }, { bytesPerSecond: 50, burstBytes: 100 }],
    ['places are said', { concurrentRequests: 4 }, { concurrentRequests: 4 }],
  ])('is what is allowed to all, but where %s', (_what, quotas, differing) => {
    expect(limitUnder(OF_ALL, quotas)).toEqual({ ...OF_ALL, ...differing });
  });
});
