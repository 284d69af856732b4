import { request } from './problem.js';

/** The control plane, spoken to with the session cookie of this origin. */
async function call(method, path, body) {
  const headers = { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) };
  const response = await request(path, {
    method,
    headers,
    credentials: 'same-origin',
    body: body && JSON.stringify(body),
  });
  return response.status === 204 ? undefined : response.json().catch(() => undefined);
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null);
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}

/** @returns {Promise<{ gatewayUrl: string | null }>} null: the console can show no data */
export const consoleConfig = () => call('GET', 'console-config.json');

/** With the name of an organization of one's own, or the token of an `invitation` to another one. */
export const signUp = ({ email, password, organization, invitation }) =>
  call('POST', '/v1/signup', { email, password, organization, invitation });
export const acceptInvitation = (token) => call('POST', '/v1/invitations/accept', { token });
export const declineInvitation = (token) => call('POST', '/v1/invitations/decline', { token });
export const logIn = ({ email, password }) => call('POST', '/v1/login', { email, password });
/** After `second-factor-required`: `code` has six digits, or is one of those on paper. */
export const logInFurther = (challenge, code) => {
  const typed = code.trim();
  const proof = /^[0-9 ]+$/.test(typed) ? { code: typed.replaceAll(' ', '') } : { backupCode: typed };
  return call('POST', '/v1/login/second-factor', { challenge, ...proof });
};
export const logOut = () => call('POST', '/v1/logout');
export const verifyEmail = (token) => call('POST', '/v1/email-verification', { token });
export const resetPassword = (token, password) => call('POST', '/v1/password-reset', { token, password });
/** @returns {Promise<{ user: { email: string }, organization: { name: string } }>} */
export const whoAmI = () => call('GET', '/v1/me');

/** @returns {Promise<{ databases: { id: string, name: string }[], cursor: string | null }>} */
export const listDatabases = (cursor) => call('GET', `/v1/databases${query({ cursor })}`);
export const createDatabase = (name) => call('POST', '/v1/databases', { name });

/** @returns {Promise<{ keys: { id: string, name: string, lastFour: string, scopes: string[], expiresAt: string | null, revokedAt: string | null }[], cursor: string | null }>} */
export const listKeys = (cursor) => call('GET', `/v1/keys${query({ cursor })}`);
/** @returns {Promise<{ key: string, name: string }>} the secret is in this answer and never again */
export const createKey = (name, scopes, expiresAt) => call('POST', '/v1/keys', { name, scopes, expiresAt });
export const revokeKey = (id) => call('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
