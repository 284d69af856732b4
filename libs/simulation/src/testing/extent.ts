/**
 * What the tests of the simulation run: a fixed part, in which every fault strikes and every invariant is broken somewhere, or all there is. See
 * docs/testing.md.
 */
export const IS_WHOLE = process.env['SIMULATION'] === 'whole';
