import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';

import type { TestService } from './test-service.js';

const ids = new UlidSource(systemClock, systemRandom);
const DATABASE = '00000000-0000-4000-8000-000000000001';

/** An invoice of 30.00 USD straight in the tables, as issued for a month of long ago. @param months before 2020 @returns its id */
export async function makeInvoice(
  service: Pick<TestService, 'metadata'>,
  organizationId: string,
  months: number,
): Promise<string> {
  const id = ids.next();
  const [from, to] = [0, 1].map((n) => new Date(Date.UTC(2020, n - months))) as [Date, Date];
  const { prisma } = service.metadata;
  await prisma.$transaction(async (transaction) => {
    await transaction.$executeRaw`
      INSERT INTO invoices (id, number, organization_id, period_from, period_to, currency, total, buyer, issuer, complete_to,
        records_to, transaction_id)
      SELECT ${id}, COALESCE(max(number), 0) + 1, ${organizationId}, ${from}::timestamptz, ${to}::timestamptz, 'USD', 3000,
        jsonb_build_object('name', 'Buyer', 'street', '', 'postalCode', '', 'city', '', 'region', '', 'country', '', 'taxId', '',
          'email', ''), jsonb_build_object('name', 'Seller', 'address', E'1 Some Street\\nSome Town', 'taxId', ''),
        ${to}::timestamptz, 0, pg_current_xact_id()::text::bigint
      FROM invoices`;
    const line = { invoiceId: id, periodFrom: from, fromAt: from, toAt: to, planId: 'pro', planVersion: 1 };
    await transaction.invoiceLine.createMany({
      data: [
        ...[
          {
            ...line,
            line: 1,
            kind: 'fee',
            quantity: 0,
            included: 0,
            priceAmount: 0n,
            pricePer: 1,
            amount: 2_000n,
            entries: 0n,
          },
        ],
        {
          ...{
            ...line,
            line: 2,
            kind: 'meter',
            meter: 'readUnits',
            quantity: 2_000_000,
            included: 0,
            priceAmount: 500n,
          },
          ...{
            pricePer: 1_000_000,
            amount: 1_000n,
            firstAt: from,
            lastAt: from,
            entries: 1n,
            digest: '0123456789abcdef',
          },
        },
      ],
    });
    await transaction.invoiceLineDatabase.create({
      data: { invoiceId: id, line: 2, databaseId: DATABASE, name: 'main', quantity: 2_000_000, amount: 1_000n },
    });
  });
  return id;
}
