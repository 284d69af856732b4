/** What a server refused or could not do, in its own words. */
export class Problem extends Error {
  constructor({ status, code, detail, retryAfterMs, members = {} }) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.members = members;
  }
}

const TIMEOUT_MS = 20_000;

/**
 * Fetches, and turns everything that is not a success into a Problem: an answer of another kind, no answer, and
 * problem+json, whose `detail` is written for people.
 */
export async function request(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { ...options, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const detail =
      error.name === 'TimeoutError'
        ? 'The server did not answer in time.'
        : 'The server cannot be reached. Are you online?';
    throw new Problem({ status: 0, code: 'unreachable', detail });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function problemOf(response) {
  const type = response.headers.get('content-type') ?? '';
  const body = type.includes('json') ? await response.json().catch(() => ({})) : {};
  return new Problem({
    status: response.status,
    code: body.code ?? 'unknown',
    detail: sentence(body.detail ?? body.title ?? `The server answered ${response.status}.`),
    retryAfterMs: body.retryAfterMs,
    members: body,
  });
}

function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
