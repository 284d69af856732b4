import type { DatabaseEntry, Directory, Principal, Scope } from '@leasehold/directory';
import { isDatabaseName, ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { bearerToken } from '../bearer-token.js';

/** Who asks, and about which database of theirs. */
export interface Caller {
  readonly principal: Principal;
  readonly database: DatabaseEntry;
}

/**
 * The database that the request names, if its key may do one of these things to it. Databases of other tenants, missing
 * ones and impossible names get the same answer.
 * @param known whose key it is, where that was asked a moment ago
 * @throws ProblemError unauthenticated, invalid-api-key, insufficient-scope, database-not-found; unavailable when the
 *   directory cannot tell
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
  const database = isDatabaseName(name) ? await directory.database(principal.tenantId, name) : undefined;
  if (!database) throw new ProblemError('database-not-found', 'the tenant of the key has no such database');
  return { principal, database };
}

/** @throws ProblemError insufficient-scope */
export function requireScope(principal: Principal, scope: Scope): void {
  if (principal.scopes.has(scope)) return;
  throw new ProblemError('insufficient-scope', `the API key lacks the scope ${scope}`, {
    members: { requiredScope: scope },
  });
}
