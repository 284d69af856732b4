import type { PrismaClient } from './generated/client.js';

/** Failed codes in a row that cost nothing but time: people mistype. */
export const FREE_FAILURES = 5;
/** The longest wait between two codes: 288 a day, of a million, against somebody who has the password already. */
const MAX_WAIT_SECONDS = 300;

export interface SecondFactorRecord {
  /** As whoever stored it sealed it. */
  readonly sealedSecret: Uint8Array;
  /** Null: begun, and asked of nobody yet. */
  readonly confirmedAt: Date | null;
  readonly backupCodesLeft: number;
}

/** A second factor of log-ins, one for each person: a shared secret for codes of time, and a few codes on paper. */
export class SecondFactors {
  constructor(private readonly prisma: PrismaClient) {}

  async find(userId: string): Promise<SecondFactorRecord | undefined> {
    const found = await this.prisma.secondFactor.findUnique({ where: { userId } });
    if (!found) return undefined;
    const { sealedSecret, confirmedAt, backupHashes } = found;
    return { sealedSecret, confirmedAt, backupCodesLeft: backupHashes.length };
  }

  /** Forgets what was begun before. @returns false when there is a confirmed one already */
  async begin(userId: string, sealedSecret: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const made = await this.prisma.secondFactor.createMany({ data: [{ userId, sealedSecret }], skipDuplicates: true });
    if (made.count > 0) return true;
    const where = { userId, confirmedAt: null };
    return (await this.prisma.secondFactor.updateMany({ where, data: { sealedSecret } })).count > 0;
  }

  /**
   * Counts an attempt as failed before anybody looks at its code, so that attempts at the same time count too; {@link takeStep} and
   * {@link takeBackupCode} forgive.
   *
   * @returns how long to wait, and nothing was counted; 0: go on
   */
  async admit(userId: string, now: Date): Promise<number> {
    const admitted = await this.prisma.$executeRaw`
      UPDATE second_factors SET failures = failures + 1, failed_at = ${now}
      WHERE user_id = ${userId} AND (failures < ${FREE_FAILURES}
        OR failed_at <= ${now}::timestamptz
          - make_interval(secs => LEAST(power(2, LEAST(failures - ${FREE_FAILURES}, 20)), ${MAX_WAIT_SECONDS})))`;
    if (admitted > 0) return 0;
    const found = await this.prisma.secondFactor.findUnique({ where: { userId } });
    if (!found) return 0;
    const waitSeconds = Math.min(2 ** (found.failures - FREE_FAILURES), MAX_WAIT_SECONDS);
    return Math.max(1_000, (found.failedAt?.getTime() ?? 0) + waitSeconds * 1_000 - now.getTime());
  }

  /** From here on it is asked for. @returns false when it was confirmed meanwhile, or is another one */
  async confirm(
    userId: string,
    sealedSecret: Uint8Array<ArrayBuffer>,
    step: number,
    backupHashes: readonly Uint8Array<ArrayBuffer>[],
    now: Date,
  ): Promise<boolean> {
    const where = { userId, sealedSecret, confirmedAt: null };
    const data = { confirmedAt: now, lastStep: step, failures: 0, failedAt: null, backupHashes: [...backupHashes] };
    return (await this.prisma.secondFactor.updateMany({ where, data })).count > 0;
  }

  /** A code of time is taken once, and none from before it. @returns false when this or a later one was taken */
  async takeStep(userId: string, step: number): Promise<boolean> {
    const where = { userId, confirmedAt: { not: null }, lastStep: { lt: step } };
    const data = { lastStep: step, failures: 0, failedAt: null };
    return (await this.prisma.secondFactor.updateMany({ where, data })).count > 0;
  }

  /** @returns false when there is no such code, or it was taken */
  async takeBackupCode(userId: string, codeHash: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const taken = await this.prisma.$executeRaw`
      UPDATE second_factors
      SET backup_hashes = array_remove(backup_hashes, ${codeHash}), failures = 0, failed_at = NULL
      WHERE user_id = ${userId} AND confirmed_at IS NOT NULL AND ${codeHash} = ANY (backup_hashes)`;
    return taken > 0;
  }

  /** Those of before are worth nothing. @returns false when there is no confirmed second factor */
  async renewBackupCodes(userId: string, backupHashes: readonly Uint8Array<ArrayBuffer>[]): Promise<boolean> {
    const where = { userId, confirmedAt: { not: null } };
    const data = { backupHashes: [...backupHashes] };
    return (await this.prisma.secondFactor.updateMany({ where, data })).count > 0;
  }

  /** From here on the password is enough. */
  async remove(userId: string): Promise<void> {
    await this.prisma.secondFactor.deleteMany({ where: { userId } });
  }
}
