import { monthOf } from '@leasehold/billing';
import { systemClock, type Clock } from '@leasehold/foundation';
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
/** After its end a month is looked at for so long yet: what was used in its last minutes is recorded and rolled up by then. */
const LOOK_BACK_MS = 3_600_000;

type WatchedMetadata = Pick<Metadata, 'budgets' | 'planVersions' | 'usageReport'>;

export interface BudgetWatchParts {
  readonly metadata: WatchedMetadata;
  readonly mails: Pick<MailQueue, 'configured' | 'post'>;
  readonly letters: Pick<Letters, 'budgetAlert'>;
  readonly logger: Logger;
  readonly clock?: Pick<Clock, 'now'>;
}

/**
 * Brings budgets in line with records, and tells people of alerts. Never throws: what was not done now is done the next time, here or by another instance.
 *
 * An alert becomes an event for webhooks in the transaction that notes it. Its mails are posted by whoever takes it, once: those that a process had not sent
 * when it died are not sent.
 */
export async function watchBudgets({
  metadata,
  mails,
  letters,
  logger,
  clock = systemClock,
}: BudgetWatchParts): Promise<'again'> {
  const { budgets } = metadata;
  const now = clock.now();
  try {
    const look = new BudgetLook(metadata, logger, now);
    for (const budget of await budgets.due(LOOK_AFTER_MS, BUDGETS_AT_ONCE)) await look.at(budget);
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

/** At many budgets. */
class BudgetLook {
  private readonly count: BudgetCount;
  /** In the first hour of a month, of the one before, by the prices that it had in the end. */
  private readonly former: { readonly count: BudgetCount; readonly endsAt: number } | undefined;
  /** Organizations and scopes of which something cannot be added up: one attempt takes long enough to keep the others waiting. */
  private readonly failing = new Set<string>();

  constructor(
    private readonly metadata: WatchedMetadata,
    private readonly logger: Logger,
    private readonly now: number,
  ) {
    this.count = new BudgetCount(metadata, now);
    const { from } = monthOf(now);
    if (now - from < LOOK_BACK_MS) this.former = { count: new BudgetCount(metadata, from - 1), endsAt: from };
  }

  async at(budget: BudgetRecord): Promise<void> {
    const place = `${budget.organizationId} ${budget.scope}`;
    try {
      if (this.failing.has(place)) await this.settleBlindly(budget);
      else await this.settle(budget);
    } catch (error) {
      this.failing.add(place);
      this.logger.warn({ err: error, budgetId: budget.id }, 'what records say of a budget cannot be added up');
      await this.settleBlindly(budget);
    }
  }

  private async settle(budget: BudgetRecord): Promise<void> {
    const { budgets } = this.metadata;
    const { id, organizationId } = budget;
    const measure = await this.count.measureOf(organizationId, budget);
    if (!isSame(measure.weights, budget.weights)) await budgets.reweigh(id, measure.weights);
    await budgets.settle(id, monthNumberOf(this.now), await this.count.spendingOf(organizationId, budget, measure));
    const { former } = this;
    // One that was made or changed since says nothing of the month before.
    if (former === undefined || budget.updatedAt.getTime() >= former.endsAt) return;
    const then = await former.count.measureOf(organizationId, budget);
    const spending = await former.count.spendingOf(organizationId, budget, then);
    await budgets.settle(id, monthNumberOf(former.endsAt - 1), spending);
  }

  private async settleBlindly({ id }: BudgetRecord): Promise<void> {
    await this.metadata.budgets.settle(id, monthNumberOf(this.now), NOTHING_RECORDED);
  }
}

function isSame(a: BudgetRecord['weights'], b: BudgetRecord['weights']): boolean {
  return a.readUnits === b.readUnits && a.writeUnits === b.writeUnits && a.egressBytes === b.egressBytes;
}

/** 202701 comes behind 202612. */
function monthBefore(month: number): number {
  return month % 100 === 1 ? month - 89 : month - 1;
}
