import type { UlidSource } from '@leasehold/foundation';

import type { PrismaClient } from './generated/client.js';

/** First halves of log-ins: somebody has shown the password, and is asked for the second factor. A new password voids them. */
export class LoginChallenges {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly ids: UlidSource,
  ) {}

  /** @param challengeHash SHA-256, in hex, of what the person holds. Those of theirs that have expired are gone. */
  async open(userId: string, challengeHash: string, now: Date, expiresAt: Date): Promise<void> {
    await this.prisma.$transaction([
      this.prisma.verification.deleteMany({ where: { value: userId, expiresAt: { lte: now } } }),
      this.prisma.verification.create({
        data: { id: this.ids.next(), identifier: identifierOf(challengeHash), value: userId, expiresAt },
      }),
    ]);
  }

  /** Whose it is, and their address; undefined when it is worth nothing. */
  async personOf(
    challengeHash: string,
    now: Date,
  ): Promise<{ readonly userId: string; readonly email: string } | undefined> {
    const where = { identifier: identifierOf(challengeHash), expiresAt: { gt: now } };
    const found = await this.prisma.verification.findFirst({ where, select: { value: true } });
    if (!found) return undefined;
    const user = await this.prisma.user.findUnique({ where: { id: found.value }, select: { email: true } });
    return user ? { userId: found.value, email: user.email } : undefined;
  }

  /** @returns false when somebody else did: one challenge is one session */
  async close(challengeHash: string): Promise<boolean> {
    const where = { identifier: identifierOf(challengeHash) };
    return (await this.prisma.verification.deleteMany({ where })).count > 0;
  }
}

/** Apart from the identifiers of mails, which share the table. */
function identifierOf(challengeHash: string): string {
  return `login-challenge:${challengeHash}`;
}
