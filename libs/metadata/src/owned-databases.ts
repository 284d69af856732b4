import type { Prisma } from './generated/client.js';

/** Some of the databases of organizations, those that are deleted or purged as well. */
export interface OwnedDatabases {
  /** Ascending; never empty. */
  readonly ids: readonly string[];
  /** Behind which they begin; undefined: there are none before. */
  readonly after: string | undefined;
}

/** All databases of organizations, by ascending id, `atOnce` of them at a time: as many as whoever asks can look at in one statement. */
export async function* ownedDatabases(
  prisma: Pick<Prisma.TransactionClient, 'databaseOwner'>,
  organizationIds: readonly string[],
  atOnce: number,
): AsyncGenerator<OwnedDatabases, void, void> {
  let after: string | undefined;
  // Ends: each piece goes on behind the one before.
  for (;;) {
    const found = await prisma.databaseOwner.findMany({
      where: {
        organizationId: { in: [...organizationIds] },
        ...(after === undefined ? {} : { databaseId: { gt: after } }),
      },
      orderBy: { databaseId: 'asc' },
      take: atOnce,
      select: { databaseId: true },
    });
    const ids = found.map(({ databaseId }) => databaseId);
    if (ids.length > 0) yield { ids, after };
    if (ids.length < atOnce) return;
    after = ids.at(-1);
  }
}
