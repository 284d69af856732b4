import type { CallOptions } from '../options.js';
import type { JsonService } from './json-service.js';

/** In units of reads and writes, or in the smallest unit of the currency that the organization pays in. */
export type BudgetLimit = { readonly units: number } | { readonly currency: string; readonly amount: number };

export interface BudgetSettings {
  /** For a calendar month in UTC. */
  readonly limit: BudgetLimit;
  /** Of the limit, ascending: told once each in a month; 50, 80 and 100 where nothing is said. */
  readonly alertPercents?: readonly number[] | undefined;
  /** Whether nothing more is written once it is used up; false where nothing is said. */
  readonly hardStop?: boolean | undefined;
}

/** A budget, and how far it is used in this month. */
export interface BudgetRecord extends Required<BudgetSettings> {
  readonly id: string;
  readonly scope: 'organization' | 'database' | 'key';
  /** The database or key, its name null where it is gone; null: the organization. */
  readonly subject: { readonly id: string; readonly name: string | null } | null;
  /** `2026-11`. */
  readonly month: string;
  /** In units, or in the smallest unit of the currency. */
  readonly used: number;
  readonly usedPercent: number;
  /** When it will be used up at the pace of this month; null: not in it, or it is used up. */
  readonly exhaustedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Of what a budget is. */
export type BudgetSubject =
  | { readonly scope: 'organization' }
  | { readonly scope: 'database'; readonly nameOrId: string }
  | { readonly scope: 'key'; readonly id: string };

/** What an organization, its databases and its keys are to use in a month at most. Changes are made by people: an API key may only look. */
export class BudgetAdministration {
  constructor(private readonly service: JsonService) {}

  /** The oldest first. */
  list(options?: CallOptions): AsyncIterableIterator<BudgetRecord> {
    return this.service.list('/budgets', 'budgets', options);
  }

  /** @throws NotFoundError it has none */
  get(subject: BudgetSubject, options?: CallOptions): Promise<BudgetRecord> {
    return this.service.read(pathOf(subject), options);
  }

  /** In place of the one that it has. With the gateways within two seconds. Safe to repeat. @throws NotFoundError there is no such database or key */
  put(subject: BudgetSubject, settings: BudgetSettings, options?: CallOptions): Promise<BudgetRecord> {
    return this.service.put(pathOf(subject), settings, options);
  }

  /** @throws NotFoundError it has none (any more) */
  delete(subject: BudgetSubject, options?: CallOptions): Promise<void> {
    return this.service.delete(pathOf(subject), options);
  }
}

function pathOf(subject: BudgetSubject): string {
  switch (subject.scope) {
    case 'organization':
      return '/budgets/organization';
    case 'database':
      return `/budgets/databases/${encodeURIComponent(subject.nameOrId)}`;
    case 'key':
      return `/budgets/keys/${encodeURIComponent(subject.id)}`;
  }
}
