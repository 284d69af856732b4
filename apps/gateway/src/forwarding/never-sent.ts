/** undici's own: no connection in time, and a pool that takes no more. */
const REFUSALS_OF_THE_CLIENT = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_CLOSED']);
/** Looking up the name, and opening the connection. */
const STEPS_BEFORE_SENDING = new Set(['getaddrinfo', 'connect']);

/**
 * Whether a failed request proves by its error that the other side received nothing of it. Told by the step that failed, not
 * by the code: EHOSTUNREACH and others also end connections over which a request has gone already.
 */
export function wasNeverSent(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, syscall, errors } = error as { code?: unknown; syscall?: unknown; errors?: unknown };
  // A name with several addresses fails with all their errors at once.
  if (Array.isArray(errors) && errors.length > 0) return errors.every(wasNeverSent);
  if (typeof syscall === 'string') return STEPS_BEFORE_SENDING.has(syscall);
  return typeof code === 'string' && REFUSALS_OF_THE_CLIENT.has(code);
}
