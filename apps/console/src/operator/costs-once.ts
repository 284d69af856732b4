/** Tenants of all pages, each once: who was added up anew while others paged comes again at the end, and that is what is true. */
export function costsOnce<Cost extends { readonly organizationId: string }>(costs: Iterable<Cost>): readonly Cost[] {
  const latest = new Map<string, Cost>();
  for (const cost of costs) {
    latest.delete(cost.organizationId);
    latest.set(cost.organizationId, cost);
  }
  return [...latest.values()];
}
