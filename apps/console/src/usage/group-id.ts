/** The id of a database or key, or the value of a label; null: what no key did, or databases without the label. */
export type GroupId = string | null;

interface GroupedRow {
  readonly database?: string;
  readonly key?: string | null;
  readonly label?: string | null;
}

/** Whose a row is. A label may have an empty value: that is not to be without it. */
export function groupIdOf({ database, key, label }: GroupedRow): GroupId {
  return database ?? key ?? label ?? null;
}

/** Another one for each of them, as lists want it. */
export function keyOfGroup(id: GroupId): string {
  return id === null ? 'none' : `of ${id}`;
}

/** What stands where it has no name: `no key`; undefined: it has one. */
export function namelessGroup(group: string, id: GroupId): string | undefined {
  if (id === '') return 'an empty value';
  if (id !== null) return undefined;
  return group === 'key' ? 'no key' : 'without';
}
