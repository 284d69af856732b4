import { systemClock } from '@leasehold/foundation';

import type { Answer, TestService } from './test-service.js';

const LOOK_EVERY_MS = 5;
const MAX_LOOKS = 600;

/**
 * A log-in that meets a new password at the worst moment: it has shown the one before, and is about to write its session. Then the password changes, and
 * whoever changed it has ended all sessions already.
 */
export async function changePasswordDuring(
  service: TestService,
  email: string,
  logIn: () => Promise<Answer>,
): Promise<{ readonly answer: Answer; readonly sessionsMade: number }> {
  const { prisma } = service.metadata;
  const count = () => prisma.session.count({ where: { user: { email } } });
  const before = await count();
  const answer = await prisma.$transaction(async (transaction) => {
    // Rows are read and not written until this ends.
    await transaction.$executeRaw`LOCK TABLE sessions IN SHARE MODE`;
    const under = logIn();
    for (let look = 0; !(await isHeldUp(service)); look++) {
      if (look >= MAX_LOOKS) throw new Error('the log-in did not come to its session');
      await systemClock.sleep(LOOK_EVERY_MS);
    }
    await prisma.account.updateMany({
      where: { user: { email } },
      data: { password: '$argon2id$of-another-password' },
    });
    return { under };
  });
  return { answer: await answer.under, sessionsMade: (await count()) - before };
}

async function isHeldUp(service: TestService): Promise<boolean> {
  const waiting = await service.metadata.prisma.$queryRaw<unknown[]>`
    SELECT 1 FROM pg_locks WHERE relation = 'sessions'::regclass AND NOT granted`;
  return waiting.length > 0;
}
