import { monthBefore, monthOf, type Period } from '@leasehold/billing';
import { systemClock } from '@leasehold/foundation';
import type { DueTenantMonth, Metadata } from '@leasehold/metadata';
import type { Logger } from '@leasehold/service-kit';

import type { InvoiceDrafts } from '../invoices/invoice-drafts.js';

/** Between two looks for months that are to be added up. */
export const COSTS_INTERVAL_MS = 2_000;
/** Once nothing is due: looking for it passes over every organization. */
const REST_MS = 30_000;
/** The month before changes by what came late alone, and has its invoice after some two days. */
const ENDED_AFTER_MS = 24 * 60 * 60_000;
/** Of one look: the others wait for the next one, here or at another instance. Most take some ten milliseconds. */
const MONTHS_AT_ONCE = 20;

type WatchedMetadata = Pick<Metadata, 'tenantMonths' | 'invoices'>;

export interface CostWatchParts {
  readonly metadata: WatchedMetadata;
  readonly drafts: Pick<InvoiceDrafts, 'of'>;
  /** How long what was added up of the month that runs is told, before it is added up anew. */
  readonly refreshMs: number;
  readonly logger: Logger;
}

/**
 * Adds up what organizations used this month and the one before, one after another. What it returns is called again and again, and never throws: what
 * was not done now is done when it is due again.
 */
export function costWatch({ metadata, drafts, refreshMs, logger }: CostWatchParts): () => Promise<'again'> {
  let restsUntilMs = -Infinity;
  return async () => {
    if (systemClock.monotonic() < restsUntilMs) return 'again';
    const now = systemClock.now();
    try {
      const found = [await addUp(monthOf(now), refreshMs), await addUp(monthBefore(now), ENDED_AFTER_MS)];
      const isAll = found.every((months) => months < MONTHS_AT_ONCE);
      if (isAll) restsUntilMs = systemClock.monotonic() + Math.min(REST_MS, refreshMs);
    } catch (error) {
      logger.warn({ err: error }, 'what tenants cost is not added up this time');
    }
    return 'again';
  };

  /** @returns how many were due */
  async function addUp({ from, to }: Period, olderThanMs: number): Promise<number> {
    const period = { from: new Date(from), to: new Date(to) };
    const months = await metadata.tenantMonths.due(period, olderThanMs, MONTHS_AT_ONCE);
    for (const due of months) {
      try {
        const usage = await metadata.tenantMonths.usageOf(due.organizationId, period.from, period.to);
        await metadata.tenantMonths.settle(due, usage, await drafted(due));
      } catch (error) {
        logger.warn({ err: error, organizationId: due.organizationId }, 'what a tenant cost is not added up');
      }
    }
    return months.length;
  }

  /** Undefined: nobody knows; an invoice that is issued is asked for where costs are told. */
  async function drafted({ organizationId, periodFrom }: DueTenantMonth): Promise<bigint | undefined> {
    if (!(await metadata.invoices.isOpen(organizationId, periodFrom))) return undefined;
    try {
      return (await drafts.of(organizationId, periodFrom))?.total;
    } catch (error) {
      logger.warn({ err: error, organizationId }, 'the draft of an invoice is not known');
      return undefined;
    }
  }
}
