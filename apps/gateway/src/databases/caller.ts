import { grantsName, type DatabaseEntry, type Directory, type Principal, type Scope } from '@leasehold/directory';
import { isDatabaseName, parseSharedName, ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { bearerToken } from '../bearer-token.js';
import { GrantedKeys } from '../grants/granted-keys.js';

/** Who asks, and about which database of theirs. */
export interface Caller {
  readonly principal: Principal;
  readonly database: DatabaseEntry;
  /** Of the database, those that are anything to the caller. */
  readonly keys: GrantedKeys;
}

/**
 * The database that the request names, if its key or token may do one of these things to it. Databases of other tenants, those that a
 * token or a key was not made for, missing ones and impossible names get the same answer.
 * @param known whose key it is, where that was asked a moment ago
 * @throws ProblemError unauthenticated, invalid-api-key, invalid-token, tenant-suspended (who asks, or whose database it is),
 *   insufficient-scope, database-not-found; unavailable when the directory cannot tell
 */
export async function callerOf(
  request: FastifyRequest,
  directory: Directory,
  scopes: readonly [Scope, ...Scope[]],
  known?: Principal,
): Promise<Caller> {
  const principal = known ?? (await directory.authenticate(bearerToken(request.headers.authorization)));
  if (!scopes.some((scope) => principal.scopes.has(scope))) requireScope(principal, scopes[0]);
  const { database: name } = request.params as { readonly database: string };
  const database = isDatabaseName(name)
    ? await grantedDatabase(principal, name, directory)
    : await sharedDatabase(principal, name, directory);
  if (!database) throw new ProblemError('database-not-found', 'the tenant of the key has no such database');
  const isGuest = database.tenantId !== principal.tenantId;
  if (isGuest) await directory.requireActiveOwner(database.tenantId);
  const keys = new GrantedKeys(principal.grant?.keyPrefix, isGuest ? principal.tenantId : undefined);
  return { principal: withinAccess(principal, database, scopes), database, keys };
}

/** Of other names than the granted ones nobody is asked; and a name may stand for another database by now. */
async function grantedDatabase(
  { tenantId, grant }: Principal,
  name: string,
  directory: Directory,
): Promise<DatabaseEntry | undefined> {
  const granted = grant?.database;
  if (!grantsName(grant, name) || (granted !== undefined && granted.name !== name)) return undefined;
  const database = await directory.database(tenantId, name);
  return granted === undefined || granted.id === database?.id ? database : undefined;
}

/** Of another tenant. What a caller is confined to are names of its own tenant. */
async function sharedDatabase(
  { tenantId, grant }: Principal,
  name: string,
  directory: Directory,
): Promise<DatabaseEntry | undefined> {
  const isConfined = grant?.databases !== undefined || grant?.database !== undefined;
  return isConfined || parseSharedName(name) === undefined ? undefined : directory.database(tenantId, name);
}

/** Of what was granted for reading nobody writes, whatever the key may. @throws ProblemError insufficient-scope */
function withinAccess(principal: Principal, { access }: DatabaseEntry, scopes: readonly Scope[]): Principal {
  if (access !== 'read') return principal;
  const readable = new Set<Scope>([...principal.scopes].filter((scope) => scope === 'data:read'));
  if (scopes.some((scope) => readable.has(scope))) return { ...principal, scopes: readable };
  throw new ProblemError('insufficient-scope', 'the database was granted for reading', {
    members: { requiredScope: scopes[0] },
  });
}

/** @throws ProblemError insufficient-scope */
export function requireScope(principal: Principal, scope: Scope): void {
  if (principal.scopes.has(scope)) return;
  const caller = principal.grant?.database === undefined ? 'API key' : 'token';
  throw new ProblemError('insufficient-scope', `the ${caller} lacks the scope ${scope}`, {
    members: { requiredScope: scope },
  });
}
