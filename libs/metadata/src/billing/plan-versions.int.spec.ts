import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PER } from '@leasehold/billing';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import { TooManyError } from '../errors.js';
import type { Metadata } from '../metadata.js';
import { currencyOf, MAX_PLAN_ASSIGNMENTS, type PlanPrices } from './plan-versions.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const LATER = new Date('2100-01-01T00:00:00Z');
const LATER_STILL = new Date('2100-02-01T00:00:00Z');

const prices = (more: Partial<PlanPrices> = {}): PlanPrices => ({
  currency: 'EUR',
  fee: 2n ** 60n,
  minimum: 0n,
  prices: {
    readUnits: { amount: 40n, per: PER.million, included: 2n ** 80n },
    writeUnits: { amount: 200n, per: PER.million, included: 0n },
    storedByteMs: { amount: 1n, per: PER.gigabyteHour, included: 0n },
    egressBytes: { amount: 9n, per: PER.gigabyte, included: 0n },
  },
  ...more,
});

describe('versions of plans', () => {
  let test: TestMetadata;
  let metadata: Metadata;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    await metadata.plans.put('pro', 'Pro', {});
  });
  afterAll(() => test.close());

  it('begin with one of the plan that everybody has, which costs nothing', async () => {
    const all = await metadata.planVersions.list();
    expect(all).toMatchObject([{ effectiveFrom: 0, plan: { name: 'free', version: 1, fee: 0n } }]);
    expect(currencyOf(all)).toBe('USD');
  });

  it('follow one another, each told as it was said, however large', async () => {
    const { planVersions } = metadata;
    const first = await planVersions.add('pro', LATER, prices());
    expect(first).toMatchObject({ effectiveFrom: LATER.getTime(), plan: { name: 'pro', version: 1, ...prices() } });
    const second = await planVersions.add('pro', LATER_STILL, prices({ fee: 7n }));
    expect(second?.plan).toMatchObject({ version: 2, fee: 7n });
    expect(await planVersions.list('pro')).toEqual([first, second]);
    expect(currencyOf(await planVersions.list())).toBe('EUR');
    expect(await planVersions.add('none', LATER, prices())).toBeUndefined();
  });

  it.each([
    ['in the past', new Date('2026-01-01T00:00:00Z'), {}],
    ['in the middle of an hour', new Date('2100-03-01T00:30:00Z'), {}],
    ['before the last one', LATER, {}],
    ['in another currency', new Date('2100-03-01T00:00:00Z'), { currency: 'USD' }],
  ])('do not begin %s', async (_, effectiveFrom, more) => {
    const before = await metadata.planVersions.list();
    await expect(metadata.planVersions.add('pro', effectiveFrom, prices(more))).rejects.toMatchObject({
      kind: 'conflict',
    });
    expect(await metadata.planVersions.list()).toEqual(before);
  });

  it('have numbers of their own also when several are added at once', async () => {
    await metadata.plans.put('race', 'Race', {});
    const hours = Array.from({ length: 4 }, (_, i) => new Date(LATER.getTime() + i * 3_600_000));
    await Promise.allSettled(hours.map((hour) => metadata.planVersions.add('race', hour, prices())));
    const versions = (await metadata.planVersions.list('race')).map(({ plan }) => plan.version);
    expect(versions).toEqual(versions.map((_, i) => i + 1));
    expect(versions.length).toBeGreaterThan(0);
  });

  it('never change', async () => {
    const { prisma } = metadata;
    await expect(prisma.planVersion.updateMany({ data: { fee: 1n } })).rejects.toThrow('never changed');
    await expect(prisma.planVersion.deleteMany()).rejects.toThrow('never changed');
  });

  it('leave an entry in the audit log', async () => {
    const entries = await metadata.prisma.auditEntry.findMany({ where: { subjectKind: 'plan-version' } });
    expect(entries[0]).toMatchObject({ action: 'plan-version.created', subjectId: 'pro', organizationId: null });
  });

  it('are noted with who has which plan from when on, and only when that changes', async () => {
    const id = await test.newOrganization();
    await metadata.plans.agree(id, { databases: 5 });
    await metadata.plans.assign(id, 'pro');
    await metadata.plans.agree(id, { databases: 6 });
    await metadata.plans.assign(id, 'free');
    const noted = await metadata.prisma.organizationPlan.findMany({
      where: { organizationId: id },
      orderBy: { id: 'asc' },
    });
    expect(noted.map(({ planId }) => planId)).toEqual(['pro', 'free']);
  });

  it('are given to an organization a thousand times at most, all of which bills go by', async () => {
    const id = await test.newOrganization();
    const since = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 3_600_000);
    const given = (n: number) => ({ organizationId: id, planId: n % 2 === 0 ? 'pro' : 'free', since: since(n) });
    const data = Array.from({ length: MAX_PLAN_ASSIGNMENTS - 1 }, (_, n) => given(n));
    await metadata.prisma.organizationPlan.createMany({ data });
    await metadata.plans.assign(id, 'free');
    await expect(metadata.plans.assign(id, 'pro')).rejects.toThrow(TooManyError);
    await metadata.plans.agree(id, { databases: 7 });
    const known = await metadata.planVersions.plansOf(id);
    expect([known.length, known.at(-1)?.plan]).toEqual([MAX_PLAN_ASSIGNMENTS + 1, 'free']);
  });

  it('hold in the order in which they were given, also where the clock was set back', async () => {
    const id = await test.newOrganization();
    const ahead = new Date(Date.now() + 400 * 86_400_000);
    await metadata.plans.assign(id, 'pro');
    await metadata.prisma.organizationPlan.updateMany({ where: { organizationId: id }, data: { since: ahead } });
    await metadata.plans.assign(id, 'free');
    expect((await metadata.planVersions.plansOf(id)).map(({ plan }) => plan)).toEqual(['free', 'free']);
    await metadata.plans.assign(id, 'pro');
    expect((await metadata.planVersions.plansOf(id)).map(({ plan }) => plan)).toEqual(['free', 'free', 'pro']);
  });
});
