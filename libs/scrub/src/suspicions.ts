/** What one look at a part of the bucket has found wrong, by the object's name. */
export type Suspicions = Map<string, Suspicion>;

export interface Suspicion {
  readonly kind: 'missing' | 'corrupt';
  readonly why: string;
}

/** Each further look is one more in which the bucket changed under the eyes of whoever looked. */
const LOOKS_LIMIT = 8;

/**
 * Looks until nothing is wrong, or until the same is wrong twice in a row. A bucket changes while it is read: an object that is gone may have
 * been replaced, and bytes may have been damaged on their way. Whatever a second look from the beginning finds again is so, for nothing is
 * deleted while it is named (G2).
 */
export async function suspicionsOf(look: () => Promise<Suspicions>): Promise<Suspicions> {
  let before: Suspicions = new Map();
  for (let looks = 1; ; looks++) {
    const found = await look();
    const again = [...found].filter(([name]) => before.has(name));
    if (again.length === found.size || looks === LOOKS_LIMIT) return new Map(again);
    before = found;
  }
}
