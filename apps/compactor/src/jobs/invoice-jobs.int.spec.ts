import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';
import { MemoryStore } from '@leasehold/object-store';
import { loadConfig } from '@leasehold/service-kit';

import { compactorConfig } from '../config.js';
import { startCompactor } from '../start-compactor.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const MONTH_MS = 31 * 24 * 3_600_000;
const WAIT_MS = 20_000;

describe('compactors', () => {
  let test: TestMetadata;
  beforeAll(async () => {
    test = await openTestMetadata();
  });
  afterAll(() => test.close());

  it('bill the months that ended before they began, once, though there are two of them', async () => {
    const { databaseUrl, metadata } = test;
    const id = await test.newOrganization();
    const now = new Date(systemClock.now());
    const before = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1));
    await metadata.prisma.organization.update({
      where: { id },
      data: { createdAt: new Date(before.getTime() - MONTH_MS) },
    });
    await metadata.prisma.billingStart.updateMany({ data: { firstPeriod: before } });
    const free = { amount: '0', per: '1', included: '0' };
    const prices = { readUnits: free, writeUnits: free, storedByteMs: free, egressBytes: free };
    const version = { version: 2, effectiveFrom: new Date(1), currency: 'USD', fee: 700n, minimum: 0n, prices };
    await metadata.prisma.planVersion.create({ data: { planId: 'free', ...version } });
    const config = loadConfig(compactorConfig, {
      ...{ LOG_LEVEL: 'silent', DATABASE_URL: databaseUrl, INVOICE_MARGIN_MS: '0', ROLL_UP_INTERVAL_MS: '1000' },
    });
    // Usage is complete before the first look for months.
    await metadata.prisma.usageProgress.create({ data: { id: 1, completeTo: now } });
    const services = [];
    try {
      for (let i = 0; i < 2; i++) services.push(await startCompactor(config, new MemoryStore(systemClock)));
      for (let waitedMs = 0; (await metadata.prisma.invoice.count()) === 0; waitedMs += 100) {
        expect(waitedMs).toBeLessThan(WAIT_MS);
        await systemClock.sleep(100);
      }
    } finally {
      for (const service of services) await service.close();
    }
    const invoices = await metadata.prisma.invoice.findMany();
    expect(invoices).toMatchObject([{ number: 1n, organizationId: id, periodFrom: before, total: 700n }]);
  });
});
