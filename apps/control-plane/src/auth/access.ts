import { SetMetadata } from '@nestjs/common';
import type { Scope } from '@leasehold/directory';
import { ProblemError } from '@leasehold/protocol';

import type { Caller } from './caller.js';

export const ROLES = ['owner', 'admin', 'member'] as const;
export type Role = (typeof ROLES)[number];

/** Who may call a route. */
export interface Requirement {
  /** Roles in the organization, any of which will do. */
  readonly roles: readonly Role[];
  /** Scopes, any of which will do. Empty: API keys are refused. */
  readonly scopes: readonly Scope[];
}

export const EVERYBODY = 'everybody';
export const ACCESS = 'leasehold:access';

/** Required on every route: a route without it is refused to all. */
export const Access = (requirement: Requirement | typeof EVERYBODY) => SetMetadata(ACCESS, requirement);

/** A key can make keys and tokens, but none that may more than itself. @throws ProblemError insufficient-scope */
export function checkGrant(caller: Caller, wanted: readonly Scope[]): void {
  if (caller.kind !== 'key') return;
  const missing = wanted.find((scope) => !caller.scopes.has(scope));
  if (missing === undefined) return;
  throw new ProblemError('insufficient-scope', `the API key cannot grant what it lacks: ${missing}`, {
    members: { requiredScope: missing },
  });
}

/** @throws ProblemError forbidden, insufficient-scope */
export function checkAccess(caller: Caller, { roles, scopes }: Requirement): void {
  if (caller.kind === 'session') {
    // better-auth keeps several roles of a member in one text.
    const held = caller.role.split(',').map((role) => role.trim());
    if (roles.some((role) => held.includes(role))) return;
    throw new ProblemError('forbidden', `this needs the role ${roles.join(' or ')} in the organization`);
  }
  const [required] = scopes;
  if (required === undefined) throw new ProblemError('forbidden', 'this needs a session, not an API key');
  if (scopes.some((scope) => caller.scopes.has(scope))) return;
  throw new ProblemError('insufficient-scope', `the API key lacks the scope ${required}`, {
    members: { requiredScope: required },
  });
}
