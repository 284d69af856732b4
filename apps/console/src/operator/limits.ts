import type { Schemas } from '../api/control.js';

/** What a plan, or an agreement beside it, can limit. */
export type Limit = keyof Schemas['Quotas']['limits'];

/** In the order in which they are told and asked for. */
export const LIMITS = [
  { limit: 'databases', label: 'Databases' },
  { limit: 'storageBytes', label: 'Bytes of storage' },
  { limit: 'requestsPerSecond', label: 'Requests per second' },
  { limit: 'burstRequests', label: 'Requests at once in a burst' },
  { limit: 'bytesPerSecond', label: 'Bytes per second' },
  { limit: 'concurrentRequests', label: 'Requests under way' },
  { limit: 'concurrentWakes', label: 'Databases waking up at once' },
] as const satisfies readonly { readonly limit: Limit; readonly label: string }[];
