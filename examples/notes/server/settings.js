/**
 * @typedef {object} Settings
 * @property {boolean} isLocal Leasehold runs inside of this process
 * @property {number} port
 * @property {string} origin where browsers reach this server
 * @property {string} url of the gateway
 * @property {string} controlUrl of the control plane
 * @property {string} key with the scopes data:read, data:write, db:create, db:admin and usage:read
 * @property {number} tokenTtlSeconds of the tokens that pages get, 1 to 900
 * @property {string} registry name of the database in which the server keeps its own things
 * @property {string | undefined} operatorPassword of the page with the costs; drawn where there is none
 */

/**
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @param {readonly string[]} args
 * @returns {Settings}
 * @throws {Error} something is missing or makes no sense
 */
export function readSettings(environment, args) {
  const isLocal = args.includes('--local');
  const port = wholeNumber('PORT', environment['PORT'] ?? '3000', 65_535);
  const key = environment['LEASEHOLD_API_KEY'] ?? '';
  if (!isLocal && key === '') throw new Error('set LEASEHOLD_API_KEY to the key that `./leasehold up` printed');
  return {
    isLocal,
    port,
    origin: environment['ORIGIN'] ?? `http://127.0.0.1:${port}`,
    url: environment['LEASEHOLD_URL'] ?? 'http://127.0.0.1:4000',
    controlUrl: environment['LEASEHOLD_CONTROL_URL'] ?? 'http://127.0.0.1:4001',
    key,
    tokenTtlSeconds: wholeNumber('TOKEN_TTL_SECONDS', environment['TOKEN_TTL_SECONDS'] ?? '600', 900),
    registry: environment['REGISTRY'] ?? 'notes-registry',
    operatorPassword: environment['OPERATOR_PASSWORD'],
  };
}

/** @param {string} name @param {string} text @param {number} max */
function wholeNumber(name, text, max) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`${name} is a whole number from 1 to ${max}`);
}
