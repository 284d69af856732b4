import type { UlidSource } from '@leasehold/foundation';

import { EmailTakenError, isUniqueViolation } from './errors.js';
import type { PrismaClient } from './generated/client.js';
import { slugOf } from './slug.js';

/** As better-auth names the account of somebody who logs in by e-mail and password. */
const PASSWORD_PROVIDER = 'credential';
/** Two organizations of one name signing up at the same instant each lose at most once. */
const SLUG_ATTEMPTS = 4;

export interface NewAccount {
  /** Lower-case. */
  readonly email: string;
  readonly passwordHash: string;
  readonly organizationName: string;
  /** `admin`: an operator of the whole service. */
  readonly role?: 'user' | 'admin';
}

export interface OrganizationEntry {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
}

export interface Membership {
  readonly organization: OrganizationEntry;
  /** Inside the organization: `owner`, `admin`, `developer`, `finance` or `viewer`. */
  readonly role: string;
}

export interface CreatedAccount {
  readonly userId: string;
  readonly organization: OrganizationEntry;
}

const ENTRY = { id: true, name: true, slug: true } as const;

/** Organizations, the people in them, and how both come into being. */
export class Organizations {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly ids: UlidSource,
  ) {}

  /**
   * A new person with a password, owner of a new organization: all of it or nothing, in one transaction. Durable when it
   * resolves.
   *
   * @throws EmailTakenError
   */
  async createAccount(account: NewAccount): Promise<CreatedAccount> {
    for (let attempt = 1; ; attempt++) {
      const slug = await this.freeSlug(account.organizationName);
      try {
        return await this.insertAccount(account, slug);
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        // Either the address or the slug was taken, perhaps a moment ago; only the slug can be chosen anew.
        if (await this.hasAccount(account.email)) throw new EmailTakenError();
        if (attempt === SLUG_ATTEMPTS) throw error;
      }
    }
  }

  async hasAccount(email: string): Promise<boolean> {
    return (await this.prisma.user.count({ where: { email } })) > 0;
  }

  /**
   * Makes an existing account an operator with this password, and ends its sessions: whoever opened them may not be the
   * operator.
   */
  async makeOperator(email: string, passwordHash: string): Promise<void> {
    await this.prisma.$transaction([
      this.prisma.session.deleteMany({ where: { user: { email } } }),
      this.prisma.user.update({ where: { email }, data: { role: 'admin' } }),
      this.prisma.account.updateMany({
        where: { user: { email }, providerId: PASSWORD_PROVIDER },
        data: { password: passwordHash },
      }),
    ]);
  }

  /** Whether the account of this address is an operator's, and the hash of its password; undefined without an account. */
  async operatorOf(email: string): Promise<{ readonly operator: boolean; readonly passwordHash: string } | undefined> {
    const account = await this.prisma.account.findFirst({
      where: { user: { email }, providerId: PASSWORD_PROVIDER },
      select: { password: true, user: { select: { role: true } } },
    });
    return account ? { operator: account.user.role === 'admin', passwordHash: account.password ?? '' } : undefined;
  }

  /** All organizations of a person, the one joined first in front. */
  async membershipsOf(userId: string): Promise<readonly Membership[]> {
    return this.prisma.member.findMany({
      where: { userId },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      select: { role: true, organization: { select: ENTRY } },
    });
  }

  private async insertAccount(account: NewAccount, slug: string): Promise<CreatedAccount> {
    const userId = this.ids.next();
    const organization = { id: this.ids.next(), name: account.organizationName, slug };
    await this.prisma.user.create({
      data: {
        id: userId,
        email: account.email,
        name: account.email,
        role: account.role ?? 'user',
        accounts: {
          create: {
            id: this.ids.next(),
            accountId: userId,
            providerId: PASSWORD_PROVIDER,
            password: account.passwordHash,
          },
        },
        members: { create: { id: this.ids.next(), role: 'owner', organization: { create: organization } } },
      },
      select: { id: true },
    });
    return { userId, organization };
  }

  private async freeSlug(name: string): Promise<string> {
    const slug = slugOf(name);
    const taken = await this.prisma.organization.count({ where: { slug } });
    // The end of a ULID is random.
    return taken === 0 ? slug : `${slug}-${this.ids.next().slice(-8)}`;
  }
}
