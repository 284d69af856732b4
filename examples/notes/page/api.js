/** The server of this application said no; the message is for people. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const TIMEOUT_MS = 20_000;

/** @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<any>} @throws {ApiError} */
export async function api(method, path, body) {
  const response = await fetch(`/api/${path}`, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 204) return undefined;
  const answer = await response.json().catch(() => ({ message: 'that did not work; try again' }));
  if (!response.ok) throw new ApiError(response.status, answer.message);
  return answer;
}
