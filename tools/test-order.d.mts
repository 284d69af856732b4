export const LONGEST: readonly string[];

/** The longest first, and all others as they come. */
export function longestFirst<T extends { readonly path: string }>(tests: readonly T[]): T[];
