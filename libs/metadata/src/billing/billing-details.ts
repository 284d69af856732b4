import { Prisma, type PrismaClient } from '../generated/client.js';

/** To whom invoices are addressed. Empty: not told. */
export interface BillingDetailsRecord {
  readonly name: string;
  readonly street: string;
  readonly postalCode: string;
  readonly city: string;
  readonly region: string;
  /** ISO 3166-1, two letters. */
  readonly country: string;
  readonly taxId: string;
  readonly email: string;
}

/** Who issues the invoices. */
export interface IssuerRecord {
  readonly name: string;
  /** Lines. */
  readonly address: string;
  readonly taxId: string;
}

export const NO_DETAILS: BillingDetailsRecord = {
  name: '',
  street: '',
  postalCode: '',
  city: '',
  region: '',
  country: '',
  taxId: '',
  email: '',
};
const NO_ISSUER: IssuerRecord = { name: '', address: '', taxId: '' };
const ISSUER_ID = 1;

/** What stands at the head of invoices. A change is on those that are issued later. */
export class BillingDetails {
  constructor(private readonly prisma: PrismaClient) {}

  /** Where nothing was told the name is the organization's. */
  async of(organizationId: string): Promise<BillingDetailsRecord> {
    const found = await detailsIn(this.prisma, [organizationId]);
    return found.get(organizationId) ?? NO_DETAILS;
  }

  async put(organizationId: string, details: BillingDetailsRecord): Promise<void> {
    const data = { ...details };
    await this.prisma.billingDetails.upsert({
      where: { organizationId },
      create: { organizationId, ...data },
      update: data,
      select: { organizationId: true },
    });
  }

  issuer(): Promise<IssuerRecord> {
    return issuerIn(this.prisma);
  }

  async putIssuer(issuer: IssuerRecord): Promise<void> {
    const data = { ...issuer };
    await this.prisma.billingIssuer.upsert({
      where: { id: ISSUER_ID },
      create: { id: ISSUER_ID, ...data },
      update: data,
      select: { id: true },
    });
  }
}

/** As {@link BillingDetails.of}, inside of a transaction: of each organization that there is. */
export async function detailsIn(
  transaction: Pick<Prisma.TransactionClient, 'billingDetails' | 'organization'>,
  organizationIds: readonly string[],
): Promise<ReadonlyMap<string, BillingDetailsRecord>> {
  const organizations = await transaction.organization.findMany({
    where: { id: { in: [...organizationIds] } },
    select: { id: true, name: true },
  });
  const told = await transaction.billingDetails.findMany({
    where: { organizationId: { in: [...organizationIds] } },
    omit: { updatedAt: true },
  });
  const byName = organizations.map(({ id, name }) => [id, { ...NO_DETAILS, name }] as const);
  return new Map([...byName, ...told.map(({ organizationId, ...details }) => [organizationId, details] as const)]);
}

/** As {@link BillingDetails.issuer}, inside of a transaction. */
export async function issuerIn(transaction: Pick<Prisma.TransactionClient, 'billingIssuer'>): Promise<IssuerRecord> {
  const found = await transaction.billingIssuer.findUnique({ where: { id: ISSUER_ID }, omit: { id: true } });
  return found ?? NO_ISSUER;
}
