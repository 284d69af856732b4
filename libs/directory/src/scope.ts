/** What an API key may do. A route names the one that it needs. */
export const SCOPES = ['data:read', 'data:write', 'db:create', 'db:admin', 'keys:admin', 'usage:read'] as const;

export type Scope = (typeof SCOPES)[number];

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}
