import { parseUrl } from '@leasehold/foundation';

/** Where a request comes from, in the words of its headers. */
export interface RequestOrigin {
  readonly method: string;
  /** `Origin`: every browser sends it with what could change anything, and no page can forge it. */
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** `Authorization` is there: no browser adds that by itself, as it does cookies. */
  readonly authorized: boolean;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether a request may act with the browser's cookie, or set one. Requests without `Origin` are no browser's, or not of a
 * kind that a page of another site can make without asking first (our bodies are JSON).
 *
 * @param publicUrl where browsers reach us, if that is known
 */
export function isAllowedOrigin(request: RequestOrigin, publicUrl: string | undefined): boolean {
  if (SAFE_METHODS.has(request.method) || request.authorized || request.origin === undefined) return true;
  // `null` is what sandboxed pages send.
  const origin = parseUrl(request.origin);
  if (!origin) return false;
  return origin.host === request.host?.toLowerCase() || origin.origin === (publicUrl && parseUrl(publicUrl)?.origin);
}
