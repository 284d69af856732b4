import { systemClock } from '@leasehold/foundation';

import type { Answer, TestService } from './test-service.js';

/** Of no password that anybody knows. */
export const ANOTHER_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';
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
    await untilHeldUp(service);
    await prisma.account.updateMany({ where: { user: { email } }, data: { password: ANOTHER_HASH } });
    return { under };
  });
  return { answer: await answer.under, sessionsMade: (await count()) - before };
}

/** A change of the password that meets another one, which is there first and ends while it is about to write. */
export async function changePasswordBefore(
  service: TestService,
  email: string,
  change: () => Promise<Answer>,
): Promise<Answer> {
  const { under } = await service.metadata.prisma.$transaction(async (transaction) => {
    await transaction.account.updateMany({ where: { user: { email } }, data: { password: ANOTHER_HASH } });
    const under = change();
    await untilHeldUp(service);
    return { under };
  });
  return under;
}

/** Resolves once somebody waits in Postgres for a row or a table. */
export async function untilHeldUp({ metadata }: TestService): Promise<void> {
  for (let look = 0; look < MAX_LOOKS; look++) {
    const waiting = await metadata.prisma.$queryRaw<unknown[]>`SELECT FROM pg_locks WHERE NOT granted`;
    if (waiting.length > 0) return;
    await systemClock.sleep(LOOK_EVERY_MS);
  }
  throw new Error('the request did not come to where it is held up');
}
