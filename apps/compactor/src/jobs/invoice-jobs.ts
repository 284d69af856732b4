import { LeaseholdError, systemClock } from '@leasehold/foundation';
import type { JobHandlers } from '@leasehold/jobs';
import { InvoiceRound, type BatchSplit } from '@leasehold/metadata';

import type { HandlerParts } from './handler-parts.js';

/** Months become invoices. */
export function invoiceJobs({ config, metadata, metrics, log }: HandlerParts): Pick<JobHandlers, 'invoice'> {
  if (metadata === undefined) return { invoice: refused };
  const { prisma, invoices } = metadata;
  const onFailed = ({ organizationId, periodFrom }: { organizationId: string; periodFrom: Date }, cause: unknown) =>
    log.error({ organizationId, periodFrom, err: cause }, 'a month could not be billed, it will be tried again');
  const onSplit = ({ cause, ...counts }: BatchSplit) =>
    log.warn({ ...counts, err: cause }, 'invoices could not be made together, each was tried alone');
  const round = new InvoiceRound({ prisma, invoices, clock: systemClock, onFailed, onSplit });
  return {
    invoice: async (_, signal) => {
      const report = await round.pass(config.INVOICE_MARGIN_MS, signal);
      metrics.invoiced(report);
      if (Object.keys(report.outcomes).length + report.failed > 0) log.info(report, 'months were billed');
    },
  };
}

function refused(): Promise<never> {
  return Promise.reject(new LeaseholdError('invalid', 'no-ledger', 'months are billed where DATABASE_URL is set'));
}
