import type { BudgetLimit, BudgetRecord, BudgetSubject } from '@leasehold/client/control';

import { CliError } from '../cli-error.js';
import { controlOf } from './account.js';
import type { Output } from './output.js';

export interface BudgetsOptions {
  readonly database?: string;
  readonly key?: string;
  readonly organization?: boolean;
  readonly set?: string;
  readonly alerts?: readonly string[];
  readonly hardStop?: boolean;
  readonly delete?: boolean;
}

const HEADINGS = ['of', 'limit', 'used', '%', 'used up at', 'hard stop', 'alerts at %'];
/** `1000000 units`, `5000 USD`: of money in its smallest unit. */
const LIMIT = /^([0-9]{1,16}) *(units|[A-Z]{3})$/;

/** Budgets of this month, a line for each; or the one that is changed or deleted. */
export async function budgets(options: BudgetsOptions, env: NodeJS.ProcessEnv, output: Output): Promise<void> {
  const { set, alerts, hardStop } = options;
  const isDeleted = options.delete === true;
  if (set !== undefined && isDeleted) throw new CliError('give one of --set and --delete');
  if (set === undefined && (alerts !== undefined || hardStop === true)) {
    throw new CliError('--alerts and --hard-stop belong to --set');
  }
  const subject = subjectOf(options);
  const { budgets: all } = controlOf(env);
  if (subject === undefined) {
    if (set !== undefined || isDeleted) throw new CliError('say whose: --organization, --database or --key');
    if (!output.json) await output.line(HEADINGS.join('\t'));
    for await (const budget of all.list()) await show(budget, output);
    return;
  }
  if (isDeleted) {
    await all.delete(subject);
    return output.json ? output.line(JSON.stringify({ deleted: subject })) : output.say('the budget is deleted');
  }
  if (set === undefined) return show(await all.get(subject), output);
  const alertPercents = alerts?.map(percentOf);
  return show(await all.put(subject, { limit: limitOf(set), alertPercents, hardStop }), output);
}

function subjectOf({ database, key, organization }: BudgetsOptions): BudgetSubject | undefined {
  const given: BudgetSubject[] = [
    ...(organization === true ? [{ scope: 'organization' } as const] : []),
    ...(database === undefined ? [] : [{ scope: 'database', nameOrId: database } as const]),
    ...(key === undefined ? [] : [{ scope: 'key', id: key } as const]),
  ];
  if (given.length > 1) throw new CliError('give one of --organization, --database and --key');
  return given[0];
}

async function show(budget: BudgetRecord, output: Output): Promise<void> {
  await output.line(output.json ? JSON.stringify(budget) : lineOf(budget));
}

function lineOf({
  scope,
  subject,
  limit,
  used,
  usedPercent,
  exhaustedAt,
  hardStop,
  alertPercents,
}: BudgetRecord): string {
  const of = subject === null ? 'everything' : `${scope} ${subject.name ?? subject.id}`;
  const most = 'units' in limit ? `${limit.units} units` : `${limit.amount} ${limit.currency}`;
  const stop = hardStop ? 'yes' : 'no';
  return [of, most, used, usedPercent, exhaustedAt ?? '', stop, alertPercents.join(',')].join('\t');
}

function limitOf(text: string): BudgetLimit {
  const [, amount = '', unit = ''] = LIMIT.exec(text) ?? [];
  if (unit === '') throw new CliError(`${text} is no limit; one is "1000000 units" or, of cents, "5000 USD"`);
  return unit === 'units' ? { units: Number(amount) } : { currency: unit, amount: Number(amount) };
}

function percentOf(text: string): number {
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text);
  throw new CliError(`${text} is no whole percent`);
}
