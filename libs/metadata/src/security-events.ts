import { hourOf } from '@leasehold/metering';

import type { PrismaClient } from './generated/client.js';

/** Kept of one person: the latest. Somebody with many networks at hand pushes out what was before, and makes the table no larger. */
export const SECURITY_EVENTS_LIMIT = 100;
/** Deleted at once. */
const PRUNED_EVENTS = 1_000;

/** `password-refused`: at log-in, or where a session asks for it again. `code-refused`: of the second factor, with the right password. */
export type SecurityEventKind = 'password-refused' | 'code-refused';

/** Where an attempt came from. */
export interface AttemptOrigin {
  /** What attempts are counted together by: of IPv6 a whole network. */
  readonly network: string;
  readonly address: string;
  readonly agent: string | undefined;
}

/** What one network tried within an hour. */
export interface SecurityEventRecord {
  readonly kind: SecurityEventKind;
  /** Of the latest attempt, as is the agent. */
  readonly address: string | null;
  readonly agent: string | null;
  readonly attempts: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** What was tried at people's accounts and refused, for themselves to see. Bounded: a row for each kind, network and hour, a hundred of a person. */
export class SecurityEvents {
  constructor(private readonly prisma: PrismaClient) {}

  /** Of who has this address; nobody's is passed over. */
  async noteByEmail(email: string, kind: SecurityEventKind, origin: AttemptOrigin, now: Date): Promise<void> {
    const found = await this.prisma.user.findUnique({ where: { email }, select: { id: true } });
    if (found) await this.note(found.id, kind, origin, now);
  }

  async note(userId: string, kind: SecurityEventKind, origin: AttemptOrigin, now: Date): Promise<void> {
    const { network, address, agent = null } = origin;
    const hour = hourOf(now.getTime());
    await this.prisma.$executeRaw`
      WITH noted AS (
        INSERT INTO security_events AS e (user_id, kind, network, hour, address, agent, first_at, last_at)
        VALUES (${userId}, ${kind}, ${network}, ${hour}::int, ${address}, ${agent}, ${now}, ${now})
        ON CONFLICT (user_id, kind, network, hour) DO UPDATE
        SET attempts = e.attempts + 1, address = EXCLUDED.address, agent = EXCLUDED.agent, last_at = EXCLUDED.last_at
        RETURNING xmax = 0 AS is_new)
      DELETE FROM security_events WHERE (user_id, kind, network, hour) IN (
        SELECT user_id, kind, network, hour FROM security_events
        WHERE user_id = ${userId} AND (SELECT is_new FROM noted) ORDER BY last_at DESC OFFSET ${SECURITY_EVENTS_LIMIT - 1}::int)`;
  }

  /** The latest in front, {@link SECURITY_EVENTS_LIMIT} at most. */
  async list(userId: string): Promise<readonly SecurityEventRecord[]> {
    const found = await this.prisma.securityEvent.findMany({
      where: { userId },
      orderBy: [{ lastAt: 'desc' }, { kind: 'asc' }, { network: 'asc' }],
      take: SECURITY_EVENTS_LIMIT,
      select: { kind: true, address: true, agent: true, attempts: true, firstAt: true, lastAt: true },
    });
    return found.map(({ kind, ...event }) => ({ ...event, kind: kind as SecurityEventKind }));
  }

  /** Some of those that were last seen before. @returns how many */
  async prune(olderThan: Date): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM security_events WHERE (user_id, kind, network, hour) IN (
        SELECT user_id, kind, network, hour FROM security_events WHERE last_at < ${olderThan} ORDER BY last_at LIMIT ${PRUNED_EVENTS}::int)`;
  }
}
