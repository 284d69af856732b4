type Members = Readonly<Record<string, unknown>> | null;

export interface ChangedMember {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** What differs between before and after, by name. What was or is not there is a dash. */
export function changedMembers(before: Members, after: Members): readonly ChangedMember[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names]
    .sort()
    .map((name) => ({ name, before: textOf(before, name), after: textOf(after, name) }))
    .filter((member) => member.before !== member.after);
}

function textOf(members: Members, name: string): string {
  if (members === null || !Object.hasOwn(members, name)) return '–';
  const value = members[name];
  return typeof value === 'string' ? value : JSON.stringify(value);
}
