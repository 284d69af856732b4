import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';

import type { LocalOptions } from './local-options.js';
import type { Local, LocalTenant } from './local.js';
import { startLocal } from './start-local.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function started(options?: LocalOptions): Promise<Local> {
  const local = await startLocal(options);
  closing.push(() => local.close());
  return local;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-local-'));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A client that knows nothing but an address and a key. */
class Asker {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  static of(local: Local, tenant: LocalTenant = local): Asker {
    return new Asker(local.url, tenant.key);
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, { ...init, headers: { ...init.headers, authorization: `Bearer ${this.key}` } });
  }

  async put(database: string, key: string, value: string): Promise<number> {
    return (await this.ask(`/v1/db/${database}/keys/${key}`, { method: 'PUT', body: value })).status;
  }

  async get(database: string, key: string): Promise<string | number> {
    const answer = await this.ask(`/v1/db/${database}/keys/${key}`);
    return answer.ok ? answer.text() : answer.status;
  }
}

describe('startLocal', () => {
  it('serves databases that come to be with their first write', async () => {
    const asker = Asker.of(await started());
    expect(await asker.get('acme', 'greeting')).toBe(404);
    expect(await asker.put('acme', 'greeting', 'hello')).toBe(200);
    expect(await asker.get('acme', 'greeting')).toBe('hello');
    expect(await asker.get('globex', 'greeting')).toBe(404);
  });

  it('serves only the databases that it was told of', async () => {
    const asker = Asker.of(await started({ databases: ['acme'] }));
    expect(await asker.put('acme', 'greeting', 'hello')).toBe(200);
    const refused = await asker.ask('/v1/db/globex/keys/greeting');
    expect(((await refused.json()) as { code: string }).code).toBe('database-not-found');
    await expect(startLocal({ databases: ['No Name'] })).rejects.toThrow(/database names/);
  });

  it('keeps tenants apart that use the same names', async () => {
    const local = await started();
    const [a, b] = [local.createTenant(), local.createTenant()].map((tenant) => Asker.of(local, tenant));
    await a!.put('main', 'who', 'a');
    await b!.put('main', 'who', 'b');
    expect([
      await a!.get('main', 'who'),
      await b!.get('main', 'who'),
      await Asker.of(local).get('main', 'who'),
    ]).toEqual(['a', 'b', 404]);
    expect(() => local.createTenant('a/b')).toThrow(/tenant id/);
  });

  it('gives keys that may do less', async () => {
    const local = await started();
    const reader = new Asker(local.url, local.createKey({ scopes: ['data:read'] }));
    expect(await reader.put('acme', 'greeting', 'hello')).toBe(403);
    expect(await reader.get('acme', 'greeting')).toBe(404);
    expect(await new Asker(local.url, 'lh_nobody').get('acme', 'greeting')).toBe(401);
  });

  it('gives tokens for one database and one prefix', async () => {
    const local = await started();
    const token = await local.createToken({ database: 'acme', prefix: Buffer.from('users/'), ttlSeconds: 60 });
    const browser = new Asker(local.url, token);
    expect(await browser.put('acme', 'users%2Fada', 'Ada')).toBe(200);
    expect(await browser.get('acme', 'users%2Fada')).toBe('Ada');
    expect(await browser.put('acme', 'bills', 'none')).toBe(403);
    expect(await browser.get('globex', 'users%2Fada')).toBe(404);
    await expect(local.createToken({ database: 'acme', ttlSeconds: 901 })).rejects.toThrow('ttlSeconds');
    await expect(local.createToken({ database: 'acme', prefix: new Uint8Array(0) })).rejects.toThrow('prefix');
  });

  it('has the other routes too: the feed of changes, the API document', async () => {
    const local = await started();
    const asker = Asker.of(local);
    await asker.put('acme', 'greeting', 'hello');
    const feed = await asker.ask('/v1/db/acme/changes?since=0', { headers: { accept: 'text/event-stream' } });
    const { value } = await feed.body!.getReader().read();
    expect(new TextDecoder().decode(value)).toContain('greeting');
    expect(((await (await fetch(`${local.url}/openapi.json`)).json()) as { openapi: string }).openapi).toMatch(/^3\.1/);
  });

  it('answers nothing any more once it is closed, which may be asked for twice', async () => {
    const local = await startLocal();
    await Asker.of(local).put('acme', 'greeting', 'hello');
    await Promise.all([local.close(), local.close(), local[Symbol.asyncDispose]()]);
    await expect(fetch(`${local.url}/healthz`)).rejects.toThrow();
  });

  it('leaves no call of its clients behind once it is closed', async () => {
    const local = await startLocal();
    const database = local.database('acme');
    await database.put(['x'], 1);
    const settled = (call: Promise<unknown>) =>
      call.then(
        () => 'done',
        (error: unknown) => error,
      );
    const feed = settled(
      (async () => {
        for await (const _ of database.changes({ since: '0' })) await local.close();
      })(),
    );
    expect(await feed).toMatchObject({ code: 'local-closed' });
    const calls = [database.get(['x']), database.put(['x'], 2)].map(settled);
    for (const call of calls) expect(await call).toMatchObject({ name: 'InvalidError', code: 'local-closed' });
    // Sooner than a client gives up by itself.
  }, 40_000);

  it('finds again in a folder what it left there', async () => {
    const folder = await newFolder();
    const first = await startLocal({ store: { folder } });
    await Asker.of(first).put('acme', 'greeting', 'hello');
    await Asker.of(first, first.createTenant('t1')).put('acme', 'greeting', 'another');
    await first.close();
    const second = await started({ store: { folder } });
    expect(await Asker.of(second).get('acme', 'greeting')).toBe('hello');
    expect(await Asker.of(second, second.createTenant('t1')).get('acme', 'greeting')).toBe('another');
  });

  it('refuses a folder that is in use, and waits for it where it is told to', async () => {
    const folder = await newFolder();
    const first = await startLocal({ store: { folder } });
    await expect(startLocal({ store: { folder } })).rejects.toThrow(`in use by process ${process.pid}`);
    await Asker.of(first).put('acme', 'greeting', 'hello');
    const second = started({ store: { folder, waitMs: 20_000 } });
    await first.close();
    expect(await Asker.of(await second).get('acme', 'greeting')).toBe('hello');
  });

  it('sweeps through an empty store and one that has data', async () => {
    const local = await started();
    await local.sweep();
    await Asker.of(local).put('acme', 'greeting', 'hello');
    await local.sweep();
    expect(await Asker.of(local).get('acme', 'greeting')).toBe('hello');
  });
});
