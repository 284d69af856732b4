/** Rows by whose they are, those of each in the order in which they came. */
export function byOrganization<R extends { readonly organizationId: string }>(
  rows: readonly R[],
): ReadonlyMap<string, readonly R[]> {
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const own = groups.get(row.organizationId);
    if (own) own.push(row);
    else groups.set(row.organizationId, [row]);
  }
  return groups;
}
