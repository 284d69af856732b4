import type { Metadata, OwnedRecord } from '@leasehold/metadata';

/** What of a database Postgres knows; all null where it is purged, or of another installation. */
export interface KnownAs {
  readonly organizationId: string | null;
  readonly name: string | null;
}

/** Looks all of them up at once. */
export async function knownDatabases(
  metadata: Pick<Metadata, 'tenants'>,
  ids: readonly string[],
): Promise<(databaseId: string) => KnownAs> {
  const found = await metadata.tenants.databasesNamed(ids);
  const byId = new Map<string, OwnedRecord>(found.map((record) => [record.id, record]));
  return (databaseId) => {
    const record = byId.get(databaseId);
    return { organizationId: record?.organizationId ?? null, name: record?.name ?? null };
  };
}
