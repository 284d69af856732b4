import type { UlidSource } from '@leasehold/foundation';

import { actAsPerson } from './author.js';
import { AlreadyInvitedError, EmailTakenError, isUniqueViolation, TooManyError } from './errors.js';
import type { Prisma, PrismaClient } from './generated/client.js';
import { lockOrganization } from './organization-lock.js';
import type { CreatedAccount, Membership } from './organizations.js';
import { passwordAccount } from './password-account.js';

export interface InvitationEntry {
  readonly id: string;
  readonly email: string;
  /** That its bearer will have: as of members. */
  readonly role: string;
  /** The address of the member who invited. */
  readonly invitedBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface NewInvitation {
  /** Lower-case. */
  readonly email: string;
  readonly role: string;
  /** SHA-256 of the token, which is in the mail alone. */
  readonly tokenHash: Uint8Array<ArrayBuffer>;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Throws to refuse. @param role of who invites, as it is now; undefined when they have left meanwhile */
export type JudgeInvitation = (role: string | undefined) => void;

const SHOWN = {
  id: true,
  email: true,
  role: true,
  createdAt: true,
  expiresAt: true,
  inviter: { select: { email: true } },
} as const;
const ORGANIZATION = { id: true, name: true, slug: true } as const;

/** Invitations that wait to be accepted. One that was accepted, declined or revoked is gone. */
export class Invitations {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly ids: UlidSource,
  ) {}

  /**
   * Durable when it resolves. Those of the organization that have expired make room.
   *
   * @param limit invitations that may wait in one organization
   * @throws AlreadyInvitedError, TooManyError, and whatever `judge` throws
   */
  async create(
    organizationId: string,
    inviterId: string,
    { createdAt, ...wanted }: NewInvitation,
    limit: number,
    judge: JudgeInvitation,
  ): Promise<InvitationEntry> {
    return this.prisma.$transaction(async (transaction) => {
      await lockOrganization(transaction, organizationId);
      const inviter = await transaction.member.findFirst({ where: { organizationId, userId: inviterId } });
      judge(inviter?.role);
      await transaction.invitation.deleteMany({ where: { organizationId, expiresAt: { lte: createdAt } } });
      const member = { organizationId, user: { email: wanted.email } };
      if ((await transaction.member.count({ where: member })) > 0) {
        throw new AlreadyInvitedError('somebody with this address is a member already');
      }
      const waiting = await transaction.invitation.findMany({ where: { organizationId }, select: { email: true } });
      if (waiting.some(({ email }) => email === wanted.email)) {
        throw new AlreadyInvitedError('this address is invited already: revoke that invitation first');
      }
      if (waiting.length >= limit) throw new TooManyError('invitations that wait', limit);
      const data = { id: this.ids.next(), organizationId, inviterId, createdAt, ...wanted };
      return entryOf(await transaction.invitation.create({ data, select: SHOWN }));
    });
  }

  /** Those that have not expired, oldest first. */
  async list(
    organizationId: string,
    now: Date,
    after: string | undefined,
    limit: number,
  ): Promise<readonly InvitationEntry[]> {
    const where = { organizationId, expiresAt: { gt: now }, ...(after === undefined ? {} : { id: { gt: after } }) };
    const found = await this.prisma.invitation.findMany({ where, orderBy: { id: 'asc' }, take: limit, select: SHOWN });
    return found.map(entryOf);
  }

  /** Its token is worth nothing from here on. @returns false when the organization has no such invitation */
  async revoke(organizationId: string, id: string): Promise<boolean> {
    return (await this.prisma.invitation.deleteMany({ where: { organizationId, id } })).count > 0;
  }

  /** As its bearer wishes. @returns false when the token is worth nothing */
  async decline(tokenHash: Uint8Array<ArrayBuffer>, now: Date): Promise<boolean> {
    const where = { tokenHash, expiresAt: { gt: now } };
    return (await this.prisma.invitation.deleteMany({ where })).count > 0;
  }

  /** The address that a token was sent to; undefined when the token is worth nothing. */
  async addressOf(tokenHash: Uint8Array<ArrayBuffer>, now: Date): Promise<string | undefined> {
    const where = { tokenHash, expiresAt: { gt: now } };
    return (await this.prisma.invitation.findFirst({ where, select: { email: true } }))?.email;
  }

  /**
   * The person is a member, once, and has shown that the address is theirs: all of it or nothing. Who is a member already keeps their role.
   *
   * @param email the person's, which must be the one that was invited
   * @returns undefined when the token is worth nothing
   */
  async accept(
    tokenHash: Uint8Array<ArrayBuffer>,
    userId: string,
    email: string,
    now: Date,
  ): Promise<Membership | undefined> {
    return this.prisma.$transaction((transaction) => this.redeem(transaction, tokenHash, userId, email, now));
  }

  /**
   * A new person with a password, who is a member of the organization that invited them, and of no other: all of it or nothing.
   *
   * @returns undefined when the token is worth nothing
   * @throws EmailTakenError
   */
  async signUp(
    tokenHash: Uint8Array<ArrayBuffer>,
    email: string,
    passwordHash: string,
    now: Date,
  ): Promise<CreatedAccount | undefined> {
    // Whoever has no token that is worth something does not learn whether the address has an account.
    if ((await this.addressOf(tokenHash, now)) !== email) return undefined;
    const id = this.ids.next();
    const accounts = { create: passwordAccount(this.ids.next(), id, passwordHash) };
    // Who signs up is nobody yet: the account's first changes are its own.
    const joining = actAsPerson(id, email, async () =>
      this.prisma.$transaction(async (transaction) => {
        await transaction.user.create({ data: { id, email, name: email, accounts }, select: { id: true } });
        const joined = await this.redeem(transaction, tokenHash, id, email, now);
        if (!joined) throw new Spent();
        return { userId: id, organization: joined.organization };
      }),
    );
    return joining.catch((error: unknown) => {
      if (error instanceof Spent) return undefined;
      throw isUniqueViolation(error) ? new EmailTakenError() : error;
    });
  }

  private async redeem(
    transaction: Prisma.TransactionClient,
    tokenHash: Uint8Array<ArrayBuffer>,
    userId: string,
    email: string,
    now: Date,
  ): Promise<Membership | undefined> {
    const where = { tokenHash, email, expiresAt: { gt: now } };
    const found = await transaction.invitation.findFirst({
      where,
      select: { organizationId: true },
    });
    if (!found || !(await lockOrganization(transaction, found.organizationId))) return undefined;
    // Read again under the lock: revoked, accepted elsewhere, or void with the rights of who invited.
    const [invitation] = await transaction.invitation.findMany({ where, select: { id: true, role: true } });
    if (!invitation) return undefined;
    // Who revokes or declines takes no lock: when both come at once, whoever deletes it decides.
    const used = await transaction.invitation.deleteMany({ where: { id: invitation.id } });
    if (used.count === 0) return undefined;
    const { organizationId } = found;
    const member = { id: this.ids.next(), organizationId, userId, role: invitation.role };
    await transaction.member.createMany({ data: [member], skipDuplicates: true });
    await transaction.user.updateMany({ where: { id: userId }, data: { emailVerified: true } });
    return transaction.member.findUniqueOrThrow({
      where: { organizationId_userId: { organizationId, userId } },
      select: { role: true, organization: { select: ORGANIZATION } },
    });
  }
}

/** Undoes the account of somebody whose token was spent meanwhile. */
class Spent extends Error {}

function entryOf({ inviter, ...invitation }: Prisma.InvitationGetPayload<{ select: typeof SHOWN }>): InvitationEntry {
  return { ...invitation, invitedBy: inviter.email };
}
