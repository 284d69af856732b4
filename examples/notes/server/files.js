import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGE = path.resolve(import.meta.dirname, '../page');
/** The client as it is installed here; browsers run it as it is. */
const CLIENT = path.dirname(fileURLToPath(import.meta.resolve('@leasehold/client')));
/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** @typedef {{ body: Buffer, headers: Readonly<Record<string, string>> }} File */

/**
 * What browsers get, by path; all of it is read once, so that no path of a request is ever a path of the disk.
 * @param {string} gatewayUrl which the page calls beside this server
 * @returns {Promise<ReadonlyMap<string, File>>}
 */
export async function readFiles(gatewayUrl) {
  /** @type {Map<string, File>} */
  const files = new Map();
  await take(PAGE, '/');
  await take(CLIENT, '/client/');
  const page = files.get('/index.html');
  if (page === undefined) throw new Error('the page is missing');
  const csp = contentSecurityPolicy(page.body.toString(), gatewayUrl);
  files.set('/', { ...page, headers: { ...page.headers, 'content-security-policy': csp } });
  return files;

  /** @param {string} folder @param {string} at */
  async function take(folder, at) {
    for (const name of await readdir(folder)) {
      const type = TYPES[path.extname(name)];
      if (type === undefined) continue;
      const body = await readFile(path.join(folder, name));
      const headers = { 'content-type': type, 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' };
      files.set(at + name, { body, headers });
    }
  }
}

/** Scripts of this server, and the one map of imports that stands in the page. @param {string} page @param {string} gatewayUrl */
function contentSecurityPolicy(page, gatewayUrl) {
  const importMap = /<script type="importmap">(.*?)<\/script>/s.exec(page)?.[1] ?? '';
  const hash = createHash('sha256').update(importMap).digest('base64');
  return `default-src 'self'; script-src 'self' 'sha256-${hash}'; connect-src 'self' ${gatewayUrl}; frame-ancestors 'none'; base-uri 'none'`;
}
