/** What is asked for again once a provider was added or removed. */
export const IDENTITY_PROVIDERS = ['identity-providers'] as const;
