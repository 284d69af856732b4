import type { Schemas } from '../api/control.js';

export type Scope = Schemas['NewKey']['scopes'][number];

/** What a key may be allowed, and what that means. */
export const SCOPES: readonly { readonly scope: Scope; readonly meaning: string }[] = [
  { scope: 'data:read', meaning: 'read keys and follow changes' },
  { scope: 'data:write', meaning: 'write and delete keys' },
  { scope: 'db:create', meaning: 'create databases' },
  { scope: 'db:admin', meaning: 'change and delete databases' },
  { scope: 'keys:admin', meaning: 'make and revoke keys' },
  { scope: 'usage:read', meaning: 'see usage' },
];
