import { resolve } from 'node:path';

/** The checkout that this file runs from; src/ and dist/ lie equally deep. */
export const REPOSITORY = resolve(import.meta.dirname, '..', '..', '..');
