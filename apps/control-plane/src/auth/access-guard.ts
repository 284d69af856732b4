import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { endOfSecret, type KeyGenerations, isScope, looksLikeApiKey, parseApiKey } from '@leasehold/directory';
import { Metadata, translateOutage, type StoredApiKey } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { ACCESS, checkAccess, EVERYBODY, PEOPLE, type Requirement } from './access.js';
import { Authentication } from './authentication.js';
import { setCaller, setPerson, type Caller, type KeyCaller, type Person } from './caller.js';
import { bearerToken, ORGANIZATION_HEADER, webHeaders } from './request-headers.js';

type Wanted = Requirement | typeof EVERYBODY | typeof PEOPLE;

/** Routes of the service kit, which knows nothing of us. */
const PUBLIC_PATHS = new Set(['/healthz', '/readyz', '/metrics']);

/**
 * Finds out who is calling and whether they may. `Authorization`, when there, decides alone; else the session cookie does.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authentication: Authentication,
    private readonly metadata: Metadata,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (PUBLIC_PATHS.has(request.routeOptions.url ?? '')) return true;
    const targets = [context.getHandler(), context.getClass()];
    const requirement = this.reflector.getAllAndOverride<Wanted | undefined>(ACCESS, targets);
    if (requirement === EVERYBODY) return true;
    if (!requirement) throw new ProblemError('forbidden', 'nobody may call this route');
    const found = await this.identify(request);
    if (requirement === PEOPLE) {
      if ('kind' in found) throw new ProblemError('forbidden', 'this needs a session, not an API key');
      refuseNamed(request);
      setPerson(request, found);
      return true;
    }
    const caller = 'kind' in found ? found : actingPerson(found);
    checkNamed(request, caller);
    checkAccess(caller, requirement);
    setCaller(request, caller);
    return true;
  }

  private async identify(request: FastifyRequest): Promise<KeyCaller | Person> {
    const token = bearerToken(request);
    if (token === null) throw unauthenticated();
    try {
      return token !== undefined && looksLikeApiKey(token)
        ? await this.identifyKey(token)
        : await this.identifyPerson(request, token);
    } catch (error) {
      throw translateOutage(error, false);
    }
  }

  private async identifyPerson(request: FastifyRequest, token: string | undefined): Promise<Person> {
    const headers = webHeaders(request);
    if (token === undefined && !headers.has('cookie')) throw unauthenticated();
    const session = await this.authentication.session(headers);
    if (!session) throw unauthenticated();
    const { activeOrganizationId, ...person } = session;
    const memberships = await this.metadata.organizations.membershipsOf(session.userId);
    const wantedId = namedOrganization(request) ?? activeOrganizationId;
    // Whoever has left the organization of their session acts for another of theirs, and never for the one that they left.
    const active = memberships.find(({ organization }) => organization.id === wantedId) ?? memberships[0];
    return { ...person, memberships, active };
  }

  /** Straight from Postgres, not from a cache: here a revocation is effective at once. */
  private async identifyKey(token: string): Promise<KeyCaller> {
    const parsed = parseApiKey(token);
    const key = parsed && (await this.metadata.apiKeys.find(parsed.id));
    const nowMs = Date.now();
    const secretEndsAt = key && endOfSecret(parsed.secret, generationsOf(key), nowMs);
    const endsAt = Math.min(secretEndsAt ?? 0, key?.expiresAt?.getTime() ?? Infinity);
    if (!key || key.revokedAt !== null || endsAt <= nowMs) {
      throw new ProblemError('invalid-api-key', 'the API key is not valid');
    }
    const { id: keyId, organizationId, databases, keyPrefix } = key;
    return {
      kind: 'key',
      keyId,
      organization: { id: organizationId },
      scopes: new Set(key.scopes.filter(isScope)),
      grant: { databases, keyPrefix },
      expiresAt: endsAt === Infinity ? undefined : new Date(endsAt),
    };
  }
}

function actingPerson({ active, ...person }: Person): Caller {
  if (!active) throw new ProblemError('forbidden', 'the account belongs to no organization');
  return { kind: 'session', ...person, ...active };
}

function namedOrganization(request: FastifyRequest): string | undefined {
  const named = request.headers[ORGANIZATION_HEADER];
  return named === undefined ? undefined : String(named);
}

/** What people do about themselves they do for no organization: whoever names one means something that is not done. */
function refuseNamed(request: FastifyRequest): void {
  if (namedOrganization(request) === undefined) return;
  throw new ProblemError('unsupported-header', 'this route is about a person, and takes no Leasehold-Organization');
}

/** Acting for another organization than the one that the request names would be worse than not acting. */
function checkNamed(request: FastifyRequest, caller: Caller): void {
  const named = namedOrganization(request);
  if (named === undefined || named === caller.organization.id) return;
  throw new ProblemError('forbidden', 'Leasehold-Organization names none for which the caller acts');
}

function generationsOf({ secretHash, previousSecretHash: hash, previous }: StoredApiKey): KeyGenerations {
  return { secretHash, previous: hash && previous ? { hash, endsAt: previous.endsAt.getTime() } : undefined };
}

function unauthenticated(): ProblemError {
  return new ProblemError('unauthenticated', 'log in, or send a session token or an API key as bearer', {
    headers: { 'www-authenticate': 'Bearer' },
  });
}
