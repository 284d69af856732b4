import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { FirstWriteCreation } from './first-write-creation.js';

describe('the pace of databases that first writes make', () => {
  let clock: FakeClock;
  let made: string[];
  let creation: FirstWriteCreation;
  let isSlow: boolean;

  beforeEach(() => {
    clock = new FakeClock();
    made = [];
    isSlow = false;
    const createDatabase = async (tenantId: TenantId, name: string) => {
      if (isSlow) await clock.sleep(1_000);
      made.push(`${tenantId}/${name}`);
      return true;
    };
    creation = new FirstWriteCreation({ createDatabase }, clock);
  });

  async function codes(tenantId: string, count: number): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (let n = 0; n < count; n++) {
      const code = await creation.make(tenantId as TenantId, `d${n}`).then(
        () => 'made',
        (error: { code: string }) => error.code,
      );
      counts[code] = (counts[code] ?? 0) + 1;
    }
    return counts;
  }

  it('is a hundred at once and twenty a second, of each tenant', async () => {
    expect(await codes('a', 150)).toEqual({ made: 100, 'too-many-requests': 50 });
    expect(await codes('b', 100)).toEqual({ made: 100 });
    await clock.advance(1_000);
    expect(await codes('a', 50)).toEqual({ made: 20, 'too-many-requests': 30 });
    expect(made).toHaveLength(220);
  });

  it('is sixteen under way, of all tenants together', async () => {
    isSlow = true;
    const waiting = Array.from({ length: 17 }, (_, n) => creation.make(`t${n}` as TenantId, 'd'));
    const results = clock.settle(Promise.allSettled(waiting));
    const refused = (await results).filter(({ status }) => status === 'rejected');
    expect(refused).toMatchObject([{ reason: { code: 'overloaded' } }]);
    expect(await clock.settle(creation.make('last' as TenantId, 'd'))).toBeUndefined();
  });
});
