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

const NO_ISSUER: IssuerRecord = { name: '', address: '', taxId: '' };
const ISSUER_ID = 1;

/** What stands at the head of invoices. A change is on those that are issued later. */
export class BillingDetails {
  constructor(private readonly prisma: PrismaClient) {}

  /** Where nothing was told the name is the organization's. */
  of(organizationId: string): Promise<BillingDetailsRecord> {
    return detailsIn(this.prisma, organizationId);
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

/** As {@link BillingDetails.of}, inside of a transaction. */
export async function detailsIn(
  transaction: Pick<Prisma.TransactionClient, 'billingDetails' | 'organization'>,
  organizationId: string,
): Promise<BillingDetailsRecord> {
  const found = await transaction.billingDetails.findUnique({
    where: { organizationId },
    omit: { organizationId: true, updatedAt: true },
  });
  if (found) return found;
  const organization = await transaction.organization.findUnique({ where: { id: organizationId } });
  const none = { street: '', postalCode: '', city: '', region: '', country: '', taxId: '', email: '' };
  return { name: organization?.name ?? '', ...none };
}

/** As {@link BillingDetails.issuer}, inside of a transaction. */
export async function issuerIn(transaction: Pick<Prisma.TransactionClient, 'billingIssuer'>): Promise<IssuerRecord> {
  const found = await transaction.billingIssuer.findUnique({ where: { id: ISSUER_ID }, omit: { id: true } });
  return found ?? NO_ISSUER;
}
