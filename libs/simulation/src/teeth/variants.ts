import type { Variant } from './variant.js';

/** Every variant, by what it breaks. */
export const VARIANTS: readonly Variant[] = [];
