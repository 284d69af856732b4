import type { MemberEntry } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { ADMINS, ROLES, type Role } from '../auth/access.js';

/** The roles that somebody of this role may give to others, by invitation or by a change. `docs/accounts.md`. */
export function grantableRoles(role: string): readonly Role[] {
  if (role === 'owner') return ROLES;
  return isAdmin(role) ? ROLES.filter((granted) => granted !== 'owner') : [];
}

/** Only owners make owners, and only they take it from one. @throws ProblemError forbidden */
export function judgeRoleChange(actor: MemberEntry | undefined, present: MemberEntry, role: Role): void {
  const grantable = grantableRoles(requireMember(actor).role);
  if (!includes(grantable, role) || !includes(grantable, present.role)) throw beyondRole();
}

/** Everybody may leave; whoever may give somebody's role may also take them out. @throws ProblemError forbidden */
export function judgeRemoval(actor: MemberEntry | undefined, present: MemberEntry): void {
  const { userId, role } = requireMember(actor);
  if (userId !== present.userId && !includes(grantableRoles(role), present.role)) throw beyondRole();
}

/** @throws ProblemError forbidden */
export function judgeInvitation(actorRole: string | undefined, role: Role): void {
  if (actorRole === undefined || !includes(grantableRoles(actorRole), role)) throw beyondRole();
}

function requireMember(actor: MemberEntry | undefined): MemberEntry {
  if (!actor) throw new ProblemError('forbidden', 'the caller has left the organization');
  return actor;
}

function isAdmin(role: string): boolean {
  return includes(ADMINS, role);
}

function includes(roles: readonly string[], role: string): boolean {
  return roles.includes(role);
}

function beyondRole(): ProblemError {
  return new ProblemError(
    'forbidden',
    'the role of the caller does not reach so far: only owners make or touch owners',
  );
}
