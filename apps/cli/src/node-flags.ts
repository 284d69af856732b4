/**
 * For every Node that we start: stacks that name the TypeScript, and no advice of the AWS SDK about the Node of next year,
 * which nobody who reads our output can act on. `./leasehold` gives the same to us.
 */
export const NODE_FLAGS: readonly string[] = ['--enable-source-maps', '--disable-warning=NodeVersionSupportWarning'];
