import type { DatabaseRecord, Metadata } from '@leasehold/metadata';
import { checkDatabaseName, ProblemError } from '@leasehold/protocol';

import { mayName } from '../auth/access.js';
import type { Caller } from '../auth/caller.js';

/**
 * The database of the caller's organization that a name or an id stands for. One that a confined key may not name is answered as one that is not there.
 * @throws ProblemError invalid-database-name, database-not-found
 */
export async function namedDatabase(metadata: Metadata, caller: Caller, nameOrId: string): Promise<DatabaseRecord> {
  const found = await metadata.databases.find(caller.organization.id, checkDatabaseName(nameOrId));
  if (found && mayName(caller, found.name)) return found;
  throw noSuchDatabase();
}

/** Of what holds for a whole database. @throws ProblemError forbidden */
export function requireAllKeys(caller: Caller): void {
  if (caller.kind !== 'key' || caller.grant.keyPrefix === undefined) return;
  throw new ProblemError(
    'forbidden',
    'this is about a whole database, and the API key is confined to some of its keys',
  );
}

export function noSuchDatabase(): ProblemError {
  return new ProblemError('database-not-found', 'the organization has no such database');
}
