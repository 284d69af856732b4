import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, counter } from '@leasehold/client';
import { connectControl } from '@leasehold/client/control';
import { seededRandom } from '@leasehold/foundation';

import { call, expectStatus, signUp, type Tenant } from './src/api.js';
import { Browser, CHROMIUM } from './src/browser.js';
import { codeExamples, type CodeExample } from './src/code-examples.js';
import { DroppingProxy } from './src/dropping-proxy.js';
import { EmptyProject } from './src/empty-project.js';
import { Leasehold } from './src/leasehold.js';
import { WebFiles } from './src/web-files.js';

const REPOSITORY = path.resolve(import.meta.dirname, '..');
const DENO = path.join(REPOSITORY, 'node_modules/@deno/linux-x64-glibc/deno');
const required = process.env['LEASEHOLD_REQUIRE_LANES'] === '1';
const itWith = (program: string) => (existsSync(program) || required ? it : it.skip);

const DATABASE = 'customer-1';
/** What is promised of everything that the first entry exports. */
const MAX_BUNDLE_BYTES = 12 * 1024;
const MAX_EXAMPLE_LINES = 12;

describe('the TypeScript client', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;
  let project: EmptyProject;

  beforeAll(async () => {
    project = await EmptyProject.with('client');
    leasehold = await Leasehold.up();
    tenant = await signUp(leasehold.ready);
    await connectControl({ url: leasehold.ready.controlPlane, token: tenant.token }).databases.create({
      name: DATABASE,
    });
  }, 180_000);
  afterAll(async () => {
    await leasehold?.stop();
    await project?.remove();
  }, 60_000);

  /** With the addresses and the key of this stack instead of those that people read. */
  const adapted = (code: string): string =>
    code
      .replaceAll('http://127.0.0.1:4000', leasehold.ready.gateway)
      .replaceAll('http://127.0.0.1:4001', leasehold.ready.controlPlane)
      .replaceAll('lh_…', tenant.key);
  const fresh = () => connect({ url: leasehold.ready.gateway, key: tenant.key, database: DATABASE });
  const empty = () => fresh().deleteRange({ all: true });

  it('is as small as it is said to be, and needs nothing else', async () => {
    const { bundleBytes } = project.built['client'] as { readonly bundleBytes: Readonly<Record<string, number>> };
    expect(bundleBytes['index']).toBeLessThanOrEqual(MAX_BUNDLE_BYTES);
    const manifest = await readFile(path.join(project.folder, 'node_modules/@leasehold/client/package.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ type: 'module', sideEffects: false });
    expect(Object.keys(JSON.parse(manifest) as object)).not.toContain('dependencies');
  });

  it('does what the examples of its page say, each compiled and run', async () => {
    const examples = await codeExamples('libs/client/README.md', 'ts');
    expect(examples.length).toBeGreaterThan(10);
    await project.link('zod');
    const preamble = `import { connect } from '@leasehold/client';
      const db = connect({ url: 'http://127.0.0.1:4000', key: 'lh_…', database: '${DATABASE}' });\n`;
    const isWhole = ({ code }: CodeExample) => /\bconnect\(/.test(code);
    for (const [index, example] of examples.entries()) {
      await project.write(`example-${index}.ts`, adapted((isWhole(example) ? '' : preamble) + example.code));
    }
    // Of Node alone they use what browsers have as well.
    await project.compile();
    for (const [index, { title, prints }] of examples.entries()) {
      const printed = await project.run(process.execPath, [`out/example-${index}.js`]);
      expect({ title, printed: printed.trimEnd().split('\n') }).toEqual({
        title,
        printed: prints.length === 0 ? [''] : prints,
      });
    }
  }, 120_000);

  describe('by the example that everybody reads first', () => {
    let example: CodeExample;

    beforeAll(async () => {
      await empty();
      const [first] = await codeExamples('README.md', 'js');
      if (first === undefined) throw new Error('README.md has no example in JavaScript');
      example = first;
      await project.write('example.mjs', adapted(example.code));
    });

    it('is short, and runs in Node', async () => {
      expect(example.code.trim().split('\n').length).toBeLessThanOrEqual(MAX_EXAMPLE_LINES);
      expect((await project.run(process.execPath, ['example.mjs'])).trimEnd()).toBe(example.prints.join('\n'));
    });

    itWith(DENO)(
      'runs in Deno',
      async () => {
        await empty();
        const args = [
          'run',
          '--quiet',
          '--no-prompt',
          '--no-remote',
          '--node-modules-dir=manual',
          '--allow-net',
          'example.mjs',
        ];
        const printed = await project.run(DENO, args);
        // Deno quotes texts in another way.
        expect(printed.trimEnd().replaceAll('"', "'")).toBe(example.prints.join('\n'));
      },
      60_000,
    );

    itWith(CHROMIUM)(
      'runs in a browser, on the page of another origin that the tenant has listed',
      async () => {
        await empty();
        const application = await WebFiles.serve({
          '/': [
            '<!doctype html><link rel="icon" href="data:,"><script type="importmap">{"imports":{"@leasehold/client":"/client/index.js"}}</script>',
            `<script type="module">${adapted(example.code)}; globalThis.end = true;</script>`,
          ].join(''),
          '/client/': path.join(project.folder, 'node_modules/@leasehold/client/dist/'),
        });
        const allowed = await call(`${leasehold.ready.controlPlane}/v1/cors`, {
          method: 'PUT',
          headers: { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ origins: [application.origin] }),
        });
        expectStatus(allowed, 200);
        let browser: Browser | undefined;
        try {
          browser = await Browser.start();
          expect(await printedIn(browser, `${application.origin}/`)).toEqual([[['archive', 1], { name: 'Ada' }]]);
        } finally {
          await browser?.stop();
          await application.stop();
        }
      },
      60_000,
    );

    /** What the page logs, as values; or what went wrong on it. */
    async function printedIn(browser: Browser, url: string): Promise<unknown[]> {
      const page = await browser.open();
      const printed: Promise<unknown>[] = [];
      page.on('console', (message) => {
        printed.push(
          message.type() === 'error'
            ? Promise.resolve(message.text())
            : Promise.all(message.args().map((value) => value.jsonValue())),
        );
      });
      page.on('pageerror', (error) => printed.push(Promise.resolve(error.message)));
      await page.goto(url);
      await page.waitForFunction(() => 'end' in globalThis, undefined, { timeout: 20_000 }).catch(() => undefined);
      return Promise.all(printed);
    }
  });

  it('applies every transaction once and tells every change once, over lost answers and a killed worker', async () => {
    await empty();
    const proxy = await DroppingProxy.start(leasehold.ready.gateway, seededRandom(20_261_128), {
      dropRequest: 0.1,
      dropReply: 0.2,
      cutStreamsMs: 1_500,
    });
    const bounds = { timeoutMs: 120_000, retries: { attempts: 40 } };
    const db = connect({ url: proxy.url, key: tenant.key, database: DATABASE, ...bounds });
    const { version } = await db.put(['balance', 'a'], 0);
    const told: unknown[] = [];
    const following = (async () => {
      for await (const { changes } of db.changes({ since: version, prefix: ['done'] })) {
        for (const change of changes) if (change.op === 'put') told.push(change.key[1]);
        if (told.length >= 120) return;
      }
    })();
    const order: { readonly index: number; readonly version: string }[] = [];
    const transfer = (index: number) =>
      db.transact(
        async (tx) => {
          const [a, slot] = await tx.getMany<number>([
            ['balance', 'a'],
            ['slot', index % 5],
          ]);
          tx.put(['balance', 'a'], (a?.value ?? 0) - 1);
          // Conditions that hold, fail, and hold again.
          if (slot === undefined) tx.put(['slot', index % 5], index);
          else tx.delete(['slot', index % 5]);
          tx.sum(['count'], 1);
          tx.put(['done', index], index);
        },
        { attempts: 500 },
      );
    const lanes = Array.from({ length: 6 }, async (_, lane) => {
      for (let index = lane; index < 120; index += 6) {
        if (index === 60) process.kill(leasehold.ready.pids.workers[0] ?? 0, 'SIGKILL');
        await transfer(index);
      }
    });
    await Promise.all([...lanes, following]);
    await proxy.stop();
    expect(proxy.dropped).toBeGreaterThan(50);
    const direct = fresh();
    expect((await direct.get(['balance', 'a']))?.value).toBe(-120);
    expect((await direct.get(['count'], { codec: counter }))?.value).toBe(120n);
    for await (const { value, version } of direct.list<number>({ prefix: ['done'] }))
      order.push({ index: value, version });
    const committed = order.sort((a, b) => (a.version < b.version ? -1 : 1)).map(({ index }) => index);
    expect(told).toEqual(committed);
    expect(committed).toHaveLength(120);
  }, 180_000);
});
