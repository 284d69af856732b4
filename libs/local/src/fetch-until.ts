import type { Fetch } from '@leasehold/client';

/** Of no request that reached the service. A client takes it for a refusal of this attempt alone: earlier ones stay as unknown as they are. */
const CLOSED_STATUS = 499;
const CLOSED_PROBLEM = JSON.stringify({ code: 'local-closed', detail: 'the local service was closed' });

/**
 * Sends until the signal aborts; from then on every request is refused with `local-closed`, which is not worth another try. What is under way
 * ends as the service ends it, so that no answer is lost that was given.
 */
export function fetchUntil(closed: AbortSignal, send: Fetch = (url, init) => globalThis.fetch(url, init)): Fetch {
  return async (url, init) => {
    if (!closed.aborted) return send(url, init);
    return new Response(CLOSED_PROBLEM, {
      status: CLOSED_STATUS,
      headers: { 'content-type': 'application/problem+json' },
    });
  };
}
