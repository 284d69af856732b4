import { z } from 'zod';

import { count, cursor, instant } from './answer-parts.js';
import { charge } from './payment-answers.js';

const amount = z.int().describe('In the smallest unit of the currency.');
const whole = z
  .string()
  .regex(/^-?\d+$/)
  .describe('Decimal digits, in units of the meter.');

const issuer = z.object({ name: z.string(), address: z.array(z.string()), taxId: z.string() });

const details = z.object({
  name: z.string(),
  street: z.string(),
  postalCode: z.string(),
  city: z.string(),
  region: z.string(),
  country: z.string(),
  taxId: z.string(),
  email: z.string(),
});

const invoice = z.object({
  id: z.string(),
  number: z.string().nullable().describe('Null: a draft.'),
  state: z.enum(['draft', 'finalized', 'paid', 'void']),
  period: z.object({ from: instant, to: instant }),
  currency: z.string(),
  total: amount,
  credited: amount,
  due: amount,
  buyer: details,
  issuer,
  completeTo: instant.nullable(),
  recordsTo: z.string().describe('Usage records up to this position are in it.'),
  finalizedAt: instant.nullable(),
  paidAt: instant.nullable(),
  payment: z.string().nullable(),
  voidedAt: instant.nullable(),
  voidReason: z.string().nullable(),
  charge: charge.nullable().describe('How it is being paid. Null: a draft.'),
});

const meters = ['readUnits', 'writeUnits', 'storedByteMs', 'egressBytes'] as const;

const line = z.object({
  line: count,
  kind: z.enum(['fee', 'meter', 'minimum']),
  periodFrom: instant.describe('Before that of the invoice where it came late.'),
  from: instant,
  to: instant,
  plan: z.string(),
  planVersion: count,
  meter: z.enum(meters).nullable(),
  quantity: whole,
  included: whole,
  price: z.object({ amount, per: whole }),
  amount,
  firstAt: instant.nullable(),
  lastAt: instant.nullable(),
  entries: count,
  digest: z.string().nullable(),
});

const lineDatabase = z.object({
  line: count,
  database: z.string(),
  name: z.string(),
  deletedAt: instant.nullable(),
  quantity: whole,
  amount,
});

const records = z.object({ session: z.string(), first: count, last: count, count });

const creditNote = z.object({
  id: z.string(),
  number: z.string(),
  invoiceId: z.string(),
  amount,
  reason: z.string(),
  createdAt: instant,
});

const price = z.object({ amount, per: whole, included: whole });
const version = z.object({
  plan: z.string(),
  version: count,
  effectiveFrom: instant,
  currency: z.string(),
  fee: amount,
  minimum: amount,
  createdAt: instant,
  prices: z.object({ readUnits: price, writeUnits: price, storedByteMs: price, egressBytes: price }),
});

const budget = z.object({
  id: z.string(),
  scope: z.enum(['organization', 'database', 'key']),
  subject: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
  limit: z.union([z.object({ units: count }), z.object({ currency: z.string(), amount })]),
  alertPercents: z.array(count),
  hardStop: z.boolean(),
  month: z.string(),
  used: count.describe('In units, or in the smallest unit of the currency.'),
  usedPercent: count,
  exhaustedAt: instant.nullable().describe('At the pace of this month; null: not in it, or it is used up.'),
  createdAt: instant,
  updatedAt: instant,
});

const providerPrices = z.object({
  since: z.string().describe('The month from which on they hold, such as 2026-11.'),
  putsMillion: amount.describe('For a million requests that write or list.'),
  getsMillion: amount.describe('For a million requests that read.'),
  storedTerabyteMonth: amount.describe('For a thousand gigabytes stored for 730 hours.'),
  egressTerabyte: amount.describe('For a thousand gigabytes of answers.'),
  putsPerMillionCommits: count.describe('How many requests that write a million commits come to.'),
  getsPerMillionReads: count.describe('How many requests that read a million reads come to.'),
  sharedMonth: amount.describe('What all tenants share, in a month.'),
  updatedAt: instant,
});

/** Of what prices come to there is no bound: not the integers that JSON Schema takes for exact. */
const micros = z.number().min(0).describe('In millionths of the smallest unit of the currency.');
const reckoned = z.number().describe('In the smallest unit of the currency.');
const costs = {
  revenue: amount,
  costMicros: z
    .object({ requests: micros, storage: micros, egress: micros, shared: micros, total: micros })
    .nullable()
    .describe('Null, as are cost and margin: no prices were set for that month.'),
  cost: reckoned.nullable(),
  margin: reckoned.nullable(),
};

const tenantCost = z.object({
  organizationId: z.string(),
  name: z.string().nullable().describe('Null: it is gone.'),
  computedAt: instant.describe('When its usage was added up.'),
  billed: z.enum(['draft', 'finalized', 'paid', 'void']),
  usage: z.object({
    commits: count,
    requests: count,
    coldStarts: count,
    storedGbHours: z.number(),
    egressBytes: count,
  }),
  ...costs,
});

const wholeMicros = whole.describe('In millionths of the smallest unit of the currency.');

const monthCost = z.object({
  from: instant,
  database: z.string().optional(),
  name: z.string().optional().describe('Of the database, also of one that is deleted.'),
  deletedAt: instant.nullable().optional(),
  key: z.string().nullable().optional(),
  label: z.string().nullable().optional(),
  costMicros: z.object({
    writeUnits: wholeMicros.optional(),
    readUnits: wholeMicros.optional(),
    egressBytes: wholeMicros.optional(),
    storedGbHours: wholeMicros.optional(),
    total: wholeMicros.optional(),
  }),
});

/** Answers about invoices, prices and budgets, by name. */
export const BILLING_ANSWERS = {
  Invoice: invoice,
  InvoicePage: z.object({ invoices: z.array(invoice), cursor }),
  InvoiceLinePage: z.object({ lines: z.array(line), cursor }),
  InvoiceDatabasePage: z.object({ databases: z.array(lineDatabase), cursor }),
  InvoiceRecordPage: z.object({ records: z.array(records), cursor }),
  OperatorInvoicePage: z.object({ invoices: z.array(invoice.extend({ organizationId: z.string() })), cursor }),
  CostPage: z.object({
    month: z.string(),
    currency: z.string(),
    prices: providerPrices.nullable(),
    totals: z.object({ organizations: count, ...costs }),
    costs: z.array(tenantCost),
    cursor,
  }),
  MonthCosts: z.object({
    month: z.string(),
    step: z.enum(['hour', 'day', 'month']),
    currency: z.string(),
    reckonedAt: instant.describe('Pages of one reckoning add up.'),
    completeTo: instant.nullable(),
    amounts: z.object({
      ...{ writeUnits: amount, readUnits: amount, egressBytes: amount, storedGbHours: amount },
      ...{ fee: amount, minimum: amount, total: amount },
    }),
    costs: z.array(monthCost),
    cursor,
  }),
  ProviderPrices: providerPrices,
  ProviderPriceList: z.object({ currency: z.string(), prices: z.array(providerPrices) }),
  CreditNote: creditNote,
  CreditNoteList: z.object({ creditNotes: z.array(creditNote) }),
  Budget: budget,
  BudgetPage: z.object({ budgets: z.array(budget), cursor }),
  BillingDetails: details,
  BillingIssuer: issuer,
  PlanVersion: version,
  PlanVersionList: z.object({ versions: z.array(version) }),
  Prices: z.object({
    plans: z.array(z.object({ plan: z.string(), since: instant })),
    versions: z.array(version),
  }),
} as const satisfies Readonly<Record<string, z.ZodType>>;
