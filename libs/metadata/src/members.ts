import { LastOwnerError } from './errors.js';
import type { Prisma, PrismaClient } from './generated/client.js';
import { lockOrganization } from './organization-lock.js';

const OWNER = 'owner';

export interface MemberEntry {
  readonly id: string;
  readonly userId: string;
  readonly email: string;
  /** `owner`, `admin`, `developer`, `finance` or `viewer`. */
  readonly role: string;
  readonly createdAt: Date;
}

/**
 * Decides while nobody else can change members, and throws to refuse.
 *
 * @param actor who asks, as they are now; undefined when they have left meanwhile
 */
export type JudgeChange = (actor: MemberEntry | undefined, present: MemberEntry) => void;

/** The roles that somebody of this role may give to others. */
export type GrantableRoles = (role: string) => readonly string[];

const ENTRY = { id: true, userId: true, role: true, createdAt: true, user: { select: { email: true } } } as const;

/** Who is in an organization. Of one organization, changes happen one after the other. */
export class Members {
  constructor(private readonly prisma: PrismaClient) {}

  /** In the order of joining. @param after the id of a member, who need not be there any more */
  async list(organizationId: string, after: string | undefined, limit: number): Promise<readonly MemberEntry[]> {
    const where = { organizationId, ...(after === undefined ? {} : { id: { gt: after } }) };
    const found = await this.prisma.member.findMany({ where, orderBy: { id: 'asc' }, take: limit, select: ENTRY });
    return found.map(entryOf);
  }

  /**
   * Holds from the member's next request on. Their invitations that they could not make any more are void.
   *
   * @returns undefined when the organization has no such member
   * @throws LastOwnerError, and whatever `judge` throws: nothing was changed
   */
  async setRole(
    organizationId: string,
    actorUserId: string,
    id: string,
    role: string,
    judge: JudgeChange,
    grantable: GrantableRoles,
  ): Promise<MemberEntry | undefined> {
    return this.prisma.$transaction(async (transaction) => {
      const present = await judged(transaction, organizationId, actorUserId, id, judge);
      if (!present || present.role === role) return present;
      if (role !== OWNER) await requireAnotherOwner(transaction, organizationId, present);
      await transaction.member.update({ where: { id }, data: { role }, select: { id: true } });
      await voidInvitations(transaction, organizationId, present.userId, grantable(role));
      return { ...present, role };
    });
  }

  /**
   * Holds from the person's next request on; their invitations are void.
   *
   * @returns false when the organization has no such member
   * @throws LastOwnerError, and whatever `judge` throws: nothing was changed
   */
  async remove(organizationId: string, actorUserId: string, id: string, judge: JudgeChange): Promise<boolean> {
    return this.prisma.$transaction(async (transaction) => {
      const present = await judged(transaction, organizationId, actorUserId, id, judge);
      if (!present) return false;
      await requireAnotherOwner(transaction, organizationId, present);
      await transaction.member.delete({ where: { id }, select: { id: true } });
      await voidInvitations(transaction, organizationId, present.userId, []);
      return true;
    });
  }
}

async function judged(
  transaction: Prisma.TransactionClient,
  organizationId: string,
  actorUserId: string,
  id: string,
  judge: JudgeChange,
): Promise<MemberEntry | undefined> {
  await lockOrganization(transaction, organizationId);
  const [present, actor] = [
    await transaction.member.findFirst({ where: { id, organizationId }, select: ENTRY }),
    await transaction.member.findFirst({ where: { userId: actorUserId, organizationId }, select: ENTRY }),
  ];
  if (!present) return undefined;
  judge(actor ? entryOf(actor) : undefined, entryOf(present));
  return entryOf(present);
}

async function requireAnotherOwner(
  transaction: Prisma.TransactionClient,
  organizationId: string,
  { id, role }: MemberEntry,
): Promise<void> {
  if (role !== OWNER) return;
  const others = await transaction.member.count({ where: { organizationId, role: OWNER, id: { not: id } } });
  if (others === 0) throw new LastOwnerError();
}

async function voidInvitations(
  transaction: Prisma.TransactionClient,
  organizationId: string,
  inviterId: string,
  grantable: readonly string[],
): Promise<void> {
  const where = { organizationId, inviterId, role: { notIn: [...grantable] } };
  await transaction.invitation.deleteMany({ where });
}

function entryOf({ user, ...member }: Prisma.MemberGetPayload<{ select: typeof ENTRY }>): MemberEntry {
  return { ...member, email: user.email };
}
