/** What a key or token may do. */
export type Scope = 'data:read' | 'data:write' | 'db:create' | 'db:admin' | 'keys:admin' | 'usage:read';
