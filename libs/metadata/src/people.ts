import type { PrismaClient } from './generated/client.js';

/** What is to be done about single people that better-auth does not do. */
export class People {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * A person has a new password by a mail that they got: the address is theirs, and whatever else was begun for them (mails
   * for a new password, halves of log-ins) is void. All of it or nothing; idempotent.
   */
  async passwordReset(userId: string): Promise<void> {
    await this.prisma.$transaction([
      this.prisma.user.updateMany({ where: { id: userId }, data: { emailVerified: true } }),
      // What verifications are of is hashed away; of whom is not.
      this.prisma.verification.deleteMany({ where: { value: userId } }),
    ]);
  }
}
