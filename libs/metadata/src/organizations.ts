import type { UlidSource } from '@leasehold/foundation';

import { actAsPerson } from './author.js';
import { EmailTakenError, isUniqueViolation, TooManyError } from './errors.js';
import { passwordAccount, PASSWORD_PROVIDER } from './password-account.js';
import type { PrismaClient } from './generated/client.js';
import { slugOf } from './slug.js';

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

  /**
   * Another organization of a person, who is its owner. Durable when it resolves.
   *
   * @throws TooManyError when they own `limit` already
   */
  async create(userId: string, name: string, limit: number): Promise<Membership> {
    for (let attempt = 1; ; attempt++) {
      const slug = await this.freeSlug(name);
      try {
        return await this.insertOrganization(userId, { id: this.ids.next(), name, slug }, limit);
      } catch (error) {
        if (!isUniqueViolation(error) || attempt === SLUG_ATTEMPTS) throw error;
      }
    }
  }

  /** The name for people alone: what is in URLs stays. @returns undefined when there is no such organization */
  async rename(id: string, name: string): Promise<OrganizationEntry | undefined> {
    const { count } = await this.prisma.organization.updateMany({ where: { id }, data: { name } });
    if (count === 0) return undefined;
    return (await this.prisma.organization.findUnique({ where: { id }, select: ENTRY })) ?? undefined;
  }

  async hasAccount(email: string): Promise<boolean> {
    return (await this.prisma.user.count({ where: { email } })) > 0;
  }

  /**
   * Makes an existing account an operator with this password, and ends its sessions: whoever opened them may not be the
   * operator. The password goes first: a log-in that has shown the one before either ends here or looks at it again afterwards. A second factor
   * that somebody set up before they were operator, and before the address was verified, would shut the operator out, and goes too.
   */
  async makeOperator(email: string, passwordHash: string): Promise<void> {
    const before = { user: { email, emailVerified: false, role: { not: 'admin' } } };
    await this.prisma.$transaction([
      this.prisma.account.updateMany({
        where: { user: { email }, providerId: PASSWORD_PROVIDER },
        data: { password: passwordHash },
      }),
      this.prisma.secondFactor.deleteMany({ where: before }),
      this.prisma.user.update({ where: { email }, data: { role: 'admin' } }),
      this.prisma.session.deleteMany({ where: { user: { email } } }),
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

  private async insertOrganization(
    userId: string,
    organization: OrganizationEntry,
    limit: number,
  ): Promise<Membership> {
    return this.prisma.$transaction(async (transaction) => {
      // One after the other, for each person: otherwise two at once would pass the limit.
      await transaction.$queryRaw`SELECT id FROM users WHERE id = ${userId} FOR NO KEY UPDATE`;
      const owned = await transaction.member.count({ where: { userId, role: 'owner' } });
      if (owned >= limit) throw new TooManyError('organizations that one person owns', limit);
      const members = { create: { id: this.ids.next(), userId, role: 'owner' } };
      await transaction.organization.create({ data: { ...organization, members }, select: { id: true } });
      return { organization, role: 'owner' };
    });
  }

  private async insertAccount(account: NewAccount, slug: string): Promise<CreatedAccount> {
    const userId = this.ids.next();
    const organization = { id: this.ids.next(), name: account.organizationName, slug };
    // Who signs up is nobody yet: the account's first changes are its own.
    await actAsPerson(userId, account.email, async () => {
      await this.prisma.user.create({
        data: {
          id: userId,
          email: account.email,
          name: account.email,
          role: account.role ?? 'user',
          accounts: { create: passwordAccount(this.ids.next(), userId, account.passwordHash) },
          members: { create: { id: this.ids.next(), role: 'owner', organization: { create: organization } } },
        },
        select: { id: true },
      });
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
