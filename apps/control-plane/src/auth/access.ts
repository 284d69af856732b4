import { SetMetadata } from '@nestjs/common';
import { coversDatabases, coversPrefix, grantsName, type KeyGrant, type Scope } from '@leasehold/directory';
import { ProblemError } from '@leasehold/protocol';

import type { Caller } from './caller.js';

/** What a member of an organization may: `docs/accounts.md`. */
export const ROLES = ['owner', 'admin', 'developer', 'finance', 'viewer'] as const;
export type Role = (typeof ROLES)[number];
/** Who decides about people, keys and settings. */
export const ADMINS = ['owner', 'admin'] as const;
/** Who makes and changes databases, and works with what is in them. */
export const BUILDERS = ['owner', 'admin', 'developer'] as const;

/** Who sees what was used and what it costs, and decides what it may. */
export const ACCOUNTANTS = ['owner', 'admin', 'finance'] as const;

/** Who may call a route. */
export interface Requirement {
  /** Roles in the organization, any of which will do. */
  readonly roles: readonly Role[];
  /** Scopes, any of which will do. Empty: API keys are refused. */
  readonly scopes: readonly Scope[];
}

/** Everybody who is logged in, whatever their role; no API key. */
export const SESSION_ONLY: Requirement = { roles: ROLES, scopes: [] };
export const EVERYBODY = 'everybody';
/** Everybody who is logged in, also who belongs to no organization: routes about oneself. No API key. */
export const PEOPLE = 'people';
export const ACCESS = 'leasehold:access';

/** Required on every route: a route without it is refused to all. */
export const Access = (requirement: Requirement | typeof EVERYBODY | typeof PEOPLE) => SetMetadata(ACCESS, requirement);

/** What a key, or a token, is to be allowed. */
export interface WantedGrant extends KeyGrant {
  readonly scopes: readonly Scope[];
}

/** A key sees and ends keys inside its own databases and prefix; those of others are none to it. */
export function mayKnow(caller: Caller, { databases, keyPrefix }: KeyGrant): boolean {
  if (caller.kind !== 'key') return true;
  return coversDatabases(caller.grant.databases, databases) && coversPrefix(caller.grant.keyPrefix, keyPrefix);
}

/** Whether something that ends then, or never, is there longer than the key that asks for it. */
export function outlives(caller: Caller, endsAt: Date | null | undefined): boolean {
  if (caller.kind !== 'key' || caller.expiresAt === undefined) return false;
  return !endsAt || endsAt.getTime() > caller.expiresAt.getTime();
}

/** When what a key makes ends: with the key at the latest, and then where nothing is said about it. @throws ProblemError forbidden */
export function endOfGrant(caller: Caller, wanted: Date | undefined): Date | undefined {
  const endsAt = wanted ?? (caller.kind === 'key' ? caller.expiresAt : undefined);
  if (outlives(caller, endsAt)) throw new ProblemError('forbidden', 'the API key cannot grant what outlives it');
  return endsAt;
}

/** A key can make keys and tokens, but none that may more than itself. @throws ProblemError insufficient-scope, forbidden, outside-key-prefix */
export function checkGrant(caller: Caller, { scopes, databases, keyPrefix }: WantedGrant): void {
  if (caller.kind !== 'key') return;
  const missing = scopes.find((scope) => !caller.scopes.has(scope));
  if (missing !== undefined) {
    throw new ProblemError('insufficient-scope', `the API key cannot grant what it lacks: ${missing}`, {
      members: { requiredScope: missing },
    });
  }
  if (!coversDatabases(caller.grant.databases, databases)) {
    throw new ProblemError('forbidden', 'the API key cannot grant databases outside its own');
  }
  if (!coversPrefix(caller.grant.keyPrefix, keyPrefix)) {
    throw new ProblemError('outside-key-prefix', 'the API key cannot grant keys outside its own prefix');
  }
}

/** What a confined key makes is confined alike where nothing is said about it. */
export function confined(caller: Caller, { databases, keyPrefix }: KeyGrant): KeyGrant {
  if (caller.kind !== 'key') return { databases, keyPrefix };
  return { databases: databases ?? caller.grant.databases, keyPrefix: keyPrefix ?? caller.grant.keyPrefix };
}

/** Whether the caller may know of a database of this name, if there is one in the organization. */
export function mayName(caller: Caller, name: string): boolean {
  return caller.kind !== 'key' || grantsName(caller.grant, name);
}

/** Of what holds for all databases of the organization. @throws ProblemError forbidden */
export function requireAllDatabases(caller: Caller): void {
  if (caller.kind !== 'key') return;
  const { databases, keyPrefix } = caller.grant;
  if (databases === undefined && keyPrefix === undefined) return;
  throw new ProblemError('forbidden', 'this is about all databases, and the API key is confined');
}

/** @throws ProblemError forbidden, insufficient-scope */
export function checkAccess(caller: Caller, { roles, scopes }: Requirement): void {
  if (caller.kind === 'session') {
    if (roles.some((role) => role === caller.role)) return;
    throw new ProblemError('forbidden', `this needs the role ${roles.join(' or ')} in the organization`);
  }
  const [required] = scopes;
  if (required === undefined) throw new ProblemError('forbidden', 'this needs a session, not an API key');
  if (scopes.some((scope) => caller.scopes.has(scope))) return;
  throw new ProblemError('insufficient-scope', `the API key lacks the scope ${required}`, {
    members: { requiredScope: required },
  });
}
