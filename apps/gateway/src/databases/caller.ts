import type { DatabaseEntry, Directory, Scope } from '@leasehold/directory';
import { isDatabaseName, ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

/**
 * The database that the request names, if its key may do this to it. Databases of other tenants, missing ones and
 * impossible names get the same answer.
 * @throws ProblemError unauthenticated, invalid-api-key, insufficient-scope, database-not-found; unavailable when the
 *   directory cannot tell
 */
export async function databaseOf(request: FastifyRequest, directory: Directory, scope: Scope): Promise<DatabaseEntry> {
  const principal = await directory.authenticate(bearerToken(request.headers.authorization));
  if (!principal.scopes.has(scope)) {
    throw new ProblemError('insufficient-scope', `the API key lacks the scope ${scope}`, {
      members: { requiredScope: scope },
    });
  }
  const { database: name } = request.params as { readonly database: string };
  const database = isDatabaseName(name) ? await directory.database(principal.tenantId, name) : undefined;
  if (!database) throw new ProblemError('database-not-found', 'the tenant of the key has no such database');
  return database;
}

function bearerToken(header: string | undefined): string {
  const token = /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1];
  if (token !== undefined) return token;
  throw new ProblemError('unauthenticated', 'send Authorization: Bearer <api key>', {
    headers: { 'www-authenticate': 'Bearer' },
  });
}
