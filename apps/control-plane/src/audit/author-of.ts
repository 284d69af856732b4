import type { Author } from '@leasehold/metadata';
import type { FastifyRequest } from 'fastify';

import { callerOf, personOf } from '../auth/caller.js';

/** Programs say of themselves what they like. */
const AGENT_CHARS = 256;
/** There operators act on tenants that they do not belong to. */
const OPERATORS_PATH = '/v1/admin/';

/** Somebody in a session. */
export interface SessionAuthor {
  readonly userId: string;
  readonly email: string;
  readonly sessionId: string;
}

/** To whom the changes of a request are put down. Whose session it is may be known only to the route; the guard's finding comes first. */
export function authorOf(request: FastifyRequest, session?: SessionAuthor): Author {
  const where = {
    address: request.ip,
    agent: request.headers['user-agent']?.slice(0, AGENT_CHARS),
    requestId: request.id,
  };
  const caller = callerOf(request);
  if (caller?.kind === 'key') return { kind: 'key', id: caller.keyId, ...where };
  const person = caller ?? personOf(request) ?? session;
  if (!person) return { kind: 'visitor', ...where };
  const kind = request.url.startsWith(OPERATORS_PATH) ? 'operator' : 'user';
  return { kind, id: person.userId, name: person.email, sessionId: person.sessionId, ...where };
}
