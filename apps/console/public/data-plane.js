import { fromBase64, toBase64Url } from './bytes.js';
import { Problem, request } from './problem.js';

const PAGE_ENTRIES = 50;
const READ_TRIES = 3;
const MAX_WAIT_MS = 3_000;

/** One database behind the gateway, as an application sees it. The key stays in this tab. */
export class DataPlane {
  constructor(gatewayUrl, database, apiKey) {
    this.base = `${gatewayUrl.replace(/\/$/, '')}/v1/db/${encodeURIComponent(database)}`;
    this.headers = { authorization: `Bearer ${apiKey}` };
  }

  /** A page of entries in the order of their keys; the cursor is null on the last one. */
  async list(prefix, cursor) {
    const parameters = [`limit=${PAGE_ENTRIES}`, 'encoding=base64'];
    // Not URLSearchParams: a prefix is percent-encoded bytes, where + is a plus.
    if (prefix) parameters.push(`prefix=${encodeURIComponent(prefix)}`);
    if (cursor) parameters.push(`cursor=${encodeURIComponent(cursor)}`);
    const response = await this.read(`${this.base}/keys?${parameters.join('&')}`);
    const page = await response.json();
    const entries = page.entries.map(({ key, value, version }) => ({
      key: fromBase64(key),
      value: fromBase64(value),
      version,
    }));
    return { entries, cursor: page.cursor };
  }

  /** The entry, or undefined when there is none (any more). */
  async get(key) {
    try {
      const response = await this.read(this.urlOf(key));
      const value = new Uint8Array(await response.arrayBuffer());
      return { key, value, version: (response.headers.get('etag') ?? '').replaceAll('"', '') };
    } catch (error) {
      if (error instanceof Problem && error.code === 'key-not-found') return undefined;
      throw error;
    }
  }

  /** Writes if the entry still has the version that was read; without one, only if there is no such entry. */
  async put(key, value, version) {
    const condition = version ? { 'if-match': `"${version}"` } : { 'if-none-match': '*' };
    const headers = { ...this.headers, ...condition, 'content-type': 'application/octet-stream' };
    await request(this.urlOf(key), { method: 'PUT', headers, body: value });
  }

  /** Deletes if the entry still has the version that was read. */
  async delete(key, version) {
    const headers = { ...this.headers, 'if-match': `"${version}"` };
    await request(this.urlOf(key), { method: 'DELETE', headers });
  }

  /** By base64url: a URL parser would swallow the keys `.` and `..`. */
  urlOf(key) {
    return `${this.base}/keys64/${toBase64Url(key)}`;
  }

  /** A read may be repeated: while a database moves to another worker, it is unavailable for seconds. */
  async read(url) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await request(url, { headers: this.headers });
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 503 || attempt === READ_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.min(error.retryAfterMs ?? 500, MAX_WAIT_MS)));
      }
    }
  }
}
