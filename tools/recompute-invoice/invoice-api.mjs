// What of an invoice the control plane tells: what was billed, and at which prices.

/** Pages of one list: a guard against a list that never ends. */
const MAX_PAGES = 100_000;
/** Of one answer. */
const TIMEOUT_MS = 60_000;

/**
 * @typedef {object} Bundle
 * @property {any} invoice
 * @property {import('./comparison.mjs').IssuedLine[]} lines
 * @property {(import('./comparison.mjs').IssuedPart & { deletedAt: string | null })[]} databases
 * @property {{ session: string, first: number, last: number, count: number }[]} records
 * @property {import('./pricing.mjs').Prices} prices
 * @property {{ invoice: any, lines: import('./comparison.mjs').IssuedLine[], databases: (import('./comparison.mjs').IssuedPart & { deletedAt: string | null })[] }[]} earlier
 * @property {{ id: string, deletedAt: string | null }[]} present databases of the organization, whether they are billed or not
 */

/**
 * @param {string} url of the control plane
 * @param {string} token of an owner or finance; or an API key with `usage:read` and `db:admin`
 * @param {string} id of the invoice, or its month
 * @returns {Promise<Bundle>}
 */
export async function readBundle(url, token, id) {
  const api = { url: url.replace(/\/$/, ''), token };
  const invoice = await get(api, `/v1/invoices/${encodeURIComponent(id)}`);
  if (invoice.state === 'draft') throw new Error('it is a draft: only an issued invoice stays as it is');
  const all = await list(api, '/v1/invoices', 'invoices');
  const before = all.filter(({ period }) => period.from < invoice.period.from);
  const earlier = [];
  for (const each of before) earlier.push(await contentOf(api, each));
  return {
    ...(await contentOf(api, invoice)),
    records: await list(api, `/v1/invoices/${invoice.id}/records`, 'records'),
    prices: await get(api, '/v1/prices'),
    earlier,
    present: [
      ...(await list(api, '/v1/databases', 'databases')),
      ...(await list(api, '/v1/databases?deleted=true', 'databases')),
    ].map(({ id: database, deletedAt }) => ({ id: database, deletedAt })),
  };
}

/**
 * @param {{ url: string, token: string }} api
 * @param {any} invoice
 */
async function contentOf(api, invoice) {
  const path = `/v1/invoices/${invoice.id}`;
  return {
    invoice,
    lines: await list(api, `${path}/lines`, 'lines'),
    databases: await list(api, `${path}/databases`, 'databases'),
  };
}

/**
 * @param {{ url: string, token: string }} api
 * @param {string} path
 * @param {string} member
 * @returns {Promise<any[]>}
 */
async function list(api, path, member) {
  const items = [];
  let cursor = '';
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const mark = path.includes('?') ? '&' : '?';
    const page = await get(api, `${path}${mark}limit=1000${cursor && `&cursor=${cursor}`}`);
    items.push(...page[member]);
    if (page.cursor === null) return items;
    cursor = page.cursor;
  }
  throw new Error(`${path} does not end`);
}

/**
 * @param {{ url: string, token: string }} api
 * @param {string} path
 * @returns {Promise<any>}
 */
async function get({ url, token }, path) {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(url + path, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}
