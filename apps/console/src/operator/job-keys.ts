/** What is read of background work. */
export const JOBS = ['jobs'] as const;
