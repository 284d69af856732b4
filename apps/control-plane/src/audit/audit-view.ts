import type { AuditEntry } from '@leasehold/metadata';

/** An entry as it is told to an organization. */
export interface AuditView {
  readonly id: string;
  readonly at: string;
  /** Who: of operators of the service only that it was one. */
  readonly actor: { readonly kind: string; readonly id: string | null; readonly name: string | null };
  readonly sessionId: string | null;
  readonly address: string | null;
  readonly agent: string | null;
  readonly requestId: string | null;
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string | null; readonly name: string | null };
  /** What changed, as it was and as it is; null where there was or is nothing. */
  readonly before: object | null;
  readonly after: object | null;
}

export function viewOf(entry: AuditEntry): AuditView {
  const told = entry.actorKind !== 'operator';
  const { actorKind: kind, action, requestId, subjectKind, subjectId, subjectName } = entry;
  return {
    id: entry.id,
    at: entry.at.toISOString(),
    actor: { kind, id: told ? entry.actorId : null, name: told ? entry.actorName : null },
    sessionId: told ? entry.sessionId : null,
    address: told ? entry.address : null,
    agent: told ? entry.agent : null,
    requestId,
    action,
    subject: { kind: subjectKind, id: subjectId, name: subjectName },
    before: membersOf(entry.before),
    after: membersOf(entry.after),
  };
}

/** Columns of Postgres under the names that the API has for them: `delete_protection` is `deleteProtection`. */
export function membersOf(row: unknown): object | null {
  if (typeof row !== 'object' || row === null) return null;
  const named = (column: string) => column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [named(column), value as unknown]));
}
