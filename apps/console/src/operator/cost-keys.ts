/** What is asked for again once prices were changed. */
export const COSTS = ['costs'] as const;
