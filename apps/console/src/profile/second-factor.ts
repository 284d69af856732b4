/** What is asked for again once it was turned on or off, or has other backup codes. */
export const SECOND_FACTOR = ['second-factor'] as const;
