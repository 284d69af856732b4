import type { PrismaClient } from './generated/client.js';
import { PASSWORD_PROVIDER } from './password-account.js';

/** What is to be done about single people that better-auth does not do. */
export class People {
  constructor(private readonly prisma: PrismaClient) {}

  /** Who has this address, and the hash of their password; undefined without an account that has one. */
  async passwordOf(email: string): Promise<{ readonly userId: string; readonly passwordHash: string } | undefined> {
    const where = { user: { email }, providerId: PASSWORD_PROVIDER };
    const found = await this.prisma.account.findFirst({ where, select: { userId: true, password: true } });
    return found?.password ? { userId: found.userId, passwordHash: found.password } : undefined;
  }

  /** The same password, hashed anew. @returns false when it was changed, or hashed anew by somebody else, meanwhile */
  async rehash(userId: string, before: string, passwordHash: string): Promise<boolean> {
    const where = { userId, providerId: PASSWORD_PROVIDER, password: before };
    return (await this.prisma.account.updateMany({ where, data: { password: passwordHash } })).count > 0;
  }

  /**
   * Of their password, now; undefined when they have none. Waits for a change that is under way: one that ends sessions has looked for them already,
   * and would miss a session that was made since.
   */
  async passwordHashOf(userId: string): Promise<string | undefined> {
    const [found] = await this.prisma.$queryRaw<{ readonly password: string | null }[]>`
      SELECT password FROM accounts WHERE user_id = ${userId} AND provider_id = ${PASSWORD_PROVIDER} FOR SHARE`;
    return found?.password ?? undefined;
  }

  /**
   * Another password, if the one that was shown is still theirs; links and halves of log-ins from before are void. All of it or nothing.
   *
   * @param before hash of the one that was shown
   * @param endsSessions all of the person, the one that asks too
   * @returns false when it was changed meanwhile: nothing was done
   */
  async changePassword(userId: string, before: string, passwordHash: string, endsSessions: boolean): Promise<boolean> {
    return this.prisma.$transaction(async (transaction) => {
      const where = { userId, providerId: PASSWORD_PROVIDER, password: before };
      const { count } = await transaction.account.updateMany({ where, data: { password: passwordHash } });
      if (count === 0) return false;
      await transaction.verification.deleteMany({ where: { value: userId } });
      if (endsSessions) await transaction.session.deleteMany({ where: { userId } });
      return true;
    });
  }

  /**
   * A person has a new password by a mail that they got: the address is theirs, their sessions have ended, and whatever else was begun for them
   * (mails for a new password, halves of log-ins) is void. Of an address that nobody has shown to be theirs before, the second factor goes too:
   * it may be that of a stranger who signed up with it. All of it or nothing; idempotent.
   */
  async passwordReset(userId: string): Promise<void> {
    await this.prisma.$transaction([
      this.prisma.secondFactor.deleteMany({ where: { userId, user: { emailVerified: false } } }),
      this.prisma.user.updateMany({ where: { id: userId }, data: { emailVerified: true } }),
      this.prisma.session.deleteMany({ where: { userId } }),
      this.deleteBegun(userId),
    ]);
  }

  /** What verifications are of is hashed away; of whom is not. */
  private deleteBegun(userId: string) {
    return this.prisma.verification.deleteMany({ where: { value: userId } });
  }
}
