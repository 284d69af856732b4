import type { Metafile } from 'esbuild';

export const OUTSIDE: readonly string[];

/** @throws Error when a bundle would get another version of such a package than the module inside of it. */
export function requireSamePackages(root: string, metafile: Pick<Metafile, 'inputs' | 'outputs'>): void;
