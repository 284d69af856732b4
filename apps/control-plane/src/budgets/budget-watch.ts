import { systemClock } from '@leasehold/foundation';
import { NOTHING_RECORDED, type BudgetRecord, type Metadata } from '@leasehold/metadata';
import type { Logger } from '@leasehold/service-kit';

import type { Letters } from '../mail/letters.js';
import type { MailQueue } from '../mail/mail-queue.js';
import { BudgetCount, monthNumberOf } from './budget-count.js';

/** Between two looks for budgets that nobody has looked at for {@link LOOK_AFTER_MS}. */
export const BUDGETS_INTERVAL_MS = 2_000;
const LOOK_AFTER_MS = 20_000;
/** Of one look: the others wait for the next one, here or at another instance. */
const BUDGETS_AT_ONCE = 100;
const ALERTS_AT_ONCE = 50;
const PRUNED_AT_ONCE = 1_000;

type WatchedMetadata = Pick<Metadata, 'budgets' | 'planVersions' | 'usageReport'>;

export interface BudgetWatchParts {
  readonly metadata: WatchedMetadata;
  readonly mails: Pick<MailQueue, 'configured' | 'post'>;
  readonly letters: Pick<Letters, 'budgetAlert'>;
  readonly logger: Logger;
}

/**
 * Brings budgets in line with records, and tells people of alerts. Never throws: what was not done now is done the next time, here or by another instance.
 *
 * An alert becomes an event for webhooks in the transaction that notes it. Its mails are posted by whoever takes it, once: those that a process had not sent
 * when it died are not sent.
 */
export async function watchBudgets({ metadata, mails, letters, logger }: BudgetWatchParts): Promise<'again'> {
  const { budgets } = metadata;
  const now = systemClock.now();
  try {
    const count = new BudgetCount(metadata, now);
    for (const budget of await budgets.due(LOOK_AFTER_MS, BUDGETS_AT_ONCE)) {
      try {
        await lookAt(budget, count, metadata, now);
      } catch (error) {
        logger.warn({ err: error, budgetId: budget.id }, 'what records say of a budget cannot be added up');
        await budgets.settle(budget.id, monthNumberOf(now), NOTHING_RECORDED);
      }
    }
    for (const alert of await budgets.takeAlerts(ALERTS_AT_ONCE)) {
      if (!mails.configured) continue;
      for (const to of await budgets.toldOf(alert.organizationId)) {
        try {
          mails.post(letters.budgetAlert(to, alert));
        } catch (error) {
          logger.warn({ err: error, budgetId: alert.budgetId }, 'a mail about a budget is not sent');
        }
      }
    }
    await budgets.prune(monthBefore(monthNumberOf(now)), PRUNED_AT_ONCE);
  } catch (error) {
    logger.warn({ err: error }, 'budgets are not looked at this time');
  }
  return 'again';
}

async function lookAt(
  budget: BudgetRecord,
  count: BudgetCount,
  { budgets }: Pick<WatchedMetadata, 'budgets'>,
  now: number,
): Promise<void> {
  const { id, organizationId } = budget;
  const measure = await count.measureOf(organizationId, budget);
  if (!isSame(measure.weights, budget.weights)) await budgets.reweigh(id, measure.weights);
  const spending = await count.spendingOf(organizationId, budget, measure);
  await budgets.settle(id, monthNumberOf(now), spending);
}

function isSame(a: BudgetRecord['weights'], b: BudgetRecord['weights']): boolean {
  return a.readUnits === b.readUnits && a.writeUnits === b.writeUnits && a.egressBytes === b.egressBytes;
}

/** 202701 comes behind 202612. */
function monthBefore(month: number): number {
  return month % 100 === 1 ? month - 89 : month - 1;
}
