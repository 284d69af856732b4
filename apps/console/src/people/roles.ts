import type { Role } from '../api/session.js';

/** What a member of an organization may. */
export const ROLES: readonly { readonly role: Role; readonly meaning: string }[] = [
  { role: 'owner', meaning: 'everything, and makes owners' },
  { role: 'admin', meaning: 'databases, keys, people, settings, usage' },
  { role: 'developer', meaning: 'databases and what is in them' },
  { role: 'finance', meaning: 'usage, invoices, budgets' },
  { role: 'viewer', meaning: 'looks at what there is' },
];

/** Those that somebody of this role can give. */
export function grantable(mine: Role | undefined): readonly Role[] {
  const all = ROLES.map(({ role }) => role);
  if (mine === 'owner') return all;
  return mine === 'admin' ? all.filter((role) => role !== 'owner') : [];
}
