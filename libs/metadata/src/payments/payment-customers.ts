import { Prisma, type PrismaClient } from '../generated/client.js';
import type { PaymentMethodRecord } from './payment-record.js';
import { resumePayments } from './resume-payments.js';

export interface PaymentCustomerRecord {
  readonly provider: string;
  readonly reference: string;
  readonly method: PaymentMethodRecord | null;
}

/** A customer at whom somebody looks, theirs until the claim runs out. */
export interface ClaimedCustomer extends PaymentCustomerRecord {
  readonly organizationId: string;
  readonly claims: number;
  /** From then on others may claim it. */
  readonly until: Date;
  readonly checkoutUntil: Date | null;
}

/** What organizations are at the payment provider, and by what they pay. */
export class PaymentCustomers {
  constructor(private readonly prisma: PrismaClient) {}

  async find(organizationId: string): Promise<PaymentCustomerRecord | undefined> {
    const select = { provider: true, reference: true, method: true };
    const found = await this.prisma.paymentCustomer.findUnique({ where: { organizationId }, select });
    return (found as PaymentCustomerRecord | null) ?? undefined;
  }

  /** @returns the reference that holds: of several who know one at once, that of the first */
  async remember(organizationId: string, provider: string, reference: string): Promise<string> {
    const data = [{ organizationId, provider, reference }];
    await this.prisma.paymentCustomer.createMany({ data, skipDuplicates: true });
    return (await this.prisma.paymentCustomer.findUniqueOrThrow({ where: { organizationId } })).reference;
  }

  /** The provider does not know it any more. What was charged by it is charged by nothing. @returns the reference that holds: where somebody has replaced it meanwhile, theirs */
  async replace(organizationId: string, former: string, provider: string, reference: string): Promise<string> {
    const data = { provider, reference, method: Prisma.DbNull, checkoutUntil: null, nextLookAt: null };
    await this.prisma.paymentCustomer.updateMany({ where: { organizationId, reference: former }, data });
    return (await this.prisma.paymentCustomer.findUniqueOrThrow({ where: { organizationId } })).reference;
  }

  /** A page is open on which the customer may leave a payment method. */
  async expectMethod(organizationId: string, until: Date, nextLookAt: Date): Promise<void> {
    const data = { checkoutUntil: until, nextLookAt };
    await this.prisma.paymentCustomer.updateMany({ where: { organizationId }, data });
  }

  /** Takes those that are to be looked at. Of several who claim at once each gets others. @param until from then on others may claim them again */
  claim(now: Date, until: Date, limit: number): Promise<readonly ClaimedCustomer[]> {
    return this.prisma.$queryRaw<ClaimedCustomer[]>`
      UPDATE payment_customers AS c SET claims = c.claims + 1, next_look_at = ${until}::timestamptz
      WHERE c.organization_id IN (
        SELECT d.organization_id FROM payment_customers d WHERE d.next_look_at <= ${now}::timestamptz
        ORDER BY d.next_look_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
      RETURNING c.organization_id AS "organizationId", c.provider, c.reference, c.method, c.claims,
        c.next_look_at AS until, c.checkout_until AS "checkoutUntil"`;
  }

  /** @param method undefined: as before @returns false, and nothing is changed, when somebody else has claimed or hinted at it meanwhile */
  settle(
    claimed: ClaimedCustomer,
    method: PaymentMethodRecord | null | undefined,
    nextLookAt: Date | null,
  ): Promise<boolean> {
    return settleIn(this.prisma, claimed, method, nextLookAt);
  }

  /**
   * The same with another method than before, and what can be charged by it is charged now. In one transaction: a step of a payment that comes between would still find no
   * method, and nobody would look again.
   */
  settleNew(
    claimed: ClaimedCustomer,
    method: PaymentMethodRecord,
    nextLookAt: Date | null,
    now: Date,
  ): Promise<boolean> {
    return this.prisma.$transaction(async (transaction) => {
      const isOurs = await settleIn(transaction, claimed, method, nextLookAt);
      if (isOurs) await resumePayments(transaction, claimed.organizationId, now);
      return isOurs;
    });
  }
}

async function settleIn(
  transaction: Pick<Prisma.TransactionClient, 'paymentCustomer'>,
  { organizationId, claims, until }: ClaimedCustomer,
  method: PaymentMethodRecord | null | undefined,
  nextLookAt: Date | null,
): Promise<boolean> {
  const told = method === null ? Prisma.DbNull : ({ ...method } as Prisma.InputJsonObject);
  const data = { nextLookAt, ...(method === undefined ? {} : { method: told }) };
  const where = { organizationId, claims, nextLookAt: until };
  return (await transaction.paymentCustomer.updateMany({ where, data })).count > 0;
}
