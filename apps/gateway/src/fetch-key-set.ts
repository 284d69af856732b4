import { MAX_KEY_SET_BYTES, type FetchKeySet } from '@leasehold/directory';
import { LeaseholdError } from '@leasehold/foundation';
import type { Outbound } from '@leasehold/outbound';

/** Requests wait for it where no key is known. */
const TIMEOUT_MS = 5_000;
const OK = 200;

/** Gets key sets of identity providers, whose URLs tenants have named. */
export function keySetFetcher(outbound: Pick<Outbound, 'call'>): FetchKeySet {
  return async (url) => {
    const headers = { accept: 'application/json, application/jwk-set+json' };
    const { status, body } = await outbound.call({
      url,
      headers,
      timeoutMs: TIMEOUT_MS,
      maxAnswerBytes: MAX_KEY_SET_BYTES,
    });
    if (status === OK) return body;
    throw new LeaseholdError('unavailable', 'unavailable', `the identity provider answered ${status}`);
  };
}
