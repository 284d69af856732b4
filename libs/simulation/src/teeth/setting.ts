import type { RunOptions } from '../run/run-seed.js';

/**
 * Worlds in which one kind of harm is likely: what a seed has drawn with some of it changed, and strikes besides. The code as it is has to
 * withstand them as it withstands the ordinary ones.
 */
export type Setting = Pick<RunOptions, 'adjust' | 'prepare'>;
