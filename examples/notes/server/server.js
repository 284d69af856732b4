import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

import { costsPage } from './costs-page.js';
import { NOTES } from './customers.js';
import { Refusal } from './refusal.js';

/**
 * @typedef {import('node:http').IncomingMessage} Request
 * @typedef {{ status?: number, body?: string | Buffer, headers?: Readonly<Record<string, string>> }} Answer
 *
 * @typedef {object} Parts
 * @property {import('./leasehold.js').Leasehold} leasehold
 * @property {import('./customers.js').Customers} customers
 * @property {import('./sessions.js').Sessions} sessions
 * @property {import('./costs.js').Costs} costs
 * @property {ReadonlyMap<string, import('./files.js').File>} files
 * @property {{ origin: string, tokenTtlSeconds: number, operatorPassword: string }} settings
 */

const MAX_BODY_BYTES = 4_096;

/** Nothing is kept in it: any number of them serve the same customers. @param {Parts} parts */
export function notesServer({ leasehold, customers, sessions, costs, files, settings }) {
  /** @type {Readonly<Record<string, (request: Request) => Promise<Answer>>>} */
  const routes = {
    'POST /api/sign-up': async (request) => {
      const { name, password } = await bodyOf(request);
      return signedIn(await customers.signUp(name, password), 201);
    },
    'POST /api/sign-in': async (request) => {
      const { name, password } = await bodyOf(request);
      return signedIn(await customers.signIn(name, password), 200);
    },
    'POST /api/sign-out': async () => ({ status: 204, headers: { 'set-cookie': sessions.close() } }),
    'GET /api/session': async (request) => json({ name: (await customerOf(request)).name }),
    // The session decides which database: the page cannot ask for another one. Of this one it gets the notes and nothing else.
    'POST /api/token': async (request) => {
      const { database } = await customerOf(request);
      const ttlSeconds = settings.tokenTtlSeconds;
      const token = await leasehold.createToken({ database, prefix: NOTES, ttlSeconds });
      return json({ url: leasehold.url, database, token, ttlSeconds });
    },
    // Work of this server in the database of a customer: what it costs is put down to them.
    'GET /api/export': async (request) => {
      const customer = await customerOf(request);
      const notes = [];
      for await (const { value } of customers.databaseOf(customer).list({ prefix: NOTES })) notes.push(value);
      return json({ customer: customer.name, notes });
    },
    'GET /costs': async (request) => {
      if (!isOperator(request))
        return json({ message: 'who are you?' }, 401, { 'www-authenticate': 'Basic realm="costs"' });
      return html(costsPage(await costs.lines(await leasehold.usage(costs.since()))));
    },
  };

  return createServer((request, response) => {
    void answerTo(request).then(({ status = 200, body, headers = {} }) =>
      response.writeHead(status, { 'cache-control': 'no-store', ...headers }).end(body),
    );
  });

  /** @param {Request} request @returns {Promise<Answer>} */
  async function answerTo(request) {
    try {
      const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
      const isRead = request.method === 'GET';
      const file = isRead ? files.get(path) : undefined;
      if (file !== undefined) return file;
      const route = routes[`${request.method} ${path}`];
      if (route === undefined) throw new Refusal(404, 'there is nothing here');
      // Pages of others can make a browser send its cookie, but not without saying where from.
      const { origin } = request.headers;
      if (!isRead && origin !== undefined && origin !== settings.origin) throw new Refusal(403, 'not from this page');
      return await route(request);
    } catch (error) {
      if (error instanceof Refusal) return json({ message: error.message }, error.status);
      process.stderr.write(`${request.method} ${request.url?.split('?', 1)[0]}: ${error}\n`);
      return json({ message: 'that did not work; try again' }, 503);
    }
  }

  /** @param {Request} request */
  function customerOf(request) {
    const name = sessions.customerOf(request.headers.cookie);
    if (name === undefined) throw new Refusal(401, 'sign in first');
    return customers.find(name);
  }

  /** @param {import('./customers.js').Customer} customer @param {number} status */
  function signedIn({ name }, status) {
    return json({ name }, status, { 'set-cookie': sessions.open(name) });
  }

  /** @param {Request} request */
  function isOperator({ headers }) {
    const wanted = `Basic ${Buffer.from(`operator:${settings.operatorPassword}`).toString('base64')}`;
    return timingSafeEqual(digest(headers.authorization ?? ''), digest(wanted));
  }
}

/** @param {unknown} value @param {number} [status] @param {Readonly<Record<string, string>>} [headers] @returns {Answer} */
function json(value, status = 200, headers = {}) {
  return { status, body: JSON.stringify(value), headers: { 'content-type': 'application/json', ...headers } };
}

/** @param {string} page @returns {Answer} */
function html(page) {
  return { body: page, headers: { 'content-type': 'text/html; charset=utf-8' } };
}

/** @param {Request} request @returns {Promise<Readonly<Record<string, unknown>>>} @throws {Refusal} */
async function bodyOf(request) {
  if (request.headers['content-type'] !== 'application/json') throw new Refusal(415, 'send JSON');
  const pieces = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new Refusal(413, 'that is too long');
    pieces.push(piece);
  }
  try {
    const body = JSON.parse(Buffer.concat(pieces).toString());
    if (typeof body === 'object' && body !== null) return body;
  } catch {
    // The same as JSON of another kind.
  }
  throw new Refusal(400, 'send a JSON object');
}

/** Of one length, whatever the text. @param {string} text */
function digest(text) {
  return createHash('sha256').update(text).digest();
}
