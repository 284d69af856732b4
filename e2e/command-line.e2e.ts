import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { CommandLine } from './src/command-line.js';
import { Leasehold } from './src/leasehold.js';

/** `LEASEHOLD_TRANSFER_ENTRIES=1000000` moves that many, and prints how long it took. */
const ENTRIES = Number(process.env['LEASEHOLD_TRANSFER_ENTRIES'] ?? 30_000);
const MAX_PEAK_MIB = 400;
const REDIS_DUMP = path.join(import.meta.dirname, '..', 'apps', 'cli', 'testdata', 'redis-7.0.rdb');
const VERSION = /^[0-9a-f]{20}\n$/;

/** The command as its users meet it, against real processes. */
describe('the command line', () => {
  let leasehold: Leasehold;
  let folder: string;
  let cli: CommandLine;

  beforeAll(async () => {
    leasehold = await Leasehold.up();
    folder = mkdtempSync(path.join(tmpdir(), 'leasehold-cli-'));
    cli = new CommandLine(folder);
  }, 120_000);
  afterAll(async () => {
    await leasehold?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const line = (text: string) => `leasehold: ${text}\n`;

  it('asks for a login, takes a key that a gateway accepts, and keeps it for its owner alone', async () => {
    const { gateway, controlPlane, tenant } = leasehold.ready;
    expect(await cli.run(['get', 'acme', 'k'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('leasehold login'),
    });
    const login = ['login', '--url', gateway, '--control-url', controlPlane];
    const refused = await cli.run(login, { input: `${tenant.apiKey.slice(0, -1)}\n` });
    expect(refused).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('[invalid-api-key]') });
    await cli.ok(login, { input: `${tenant.apiKey}\n` });
    const kept = path.join(folder, 'config', 'leasehold', 'login.json');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual({
      url: gateway,
      controlUrl: controlPlane,
      apiKey: tenant.apiKey,
    });
  });

  it('makes databases and shows them', async () => {
    const made = await cli.ok(['databases', 'acme', '--create', '--json']);
    const { id, name } = JSON.parse(made) as { id: string; name: string };
    expect(name).toBe('acme');
    expect(await cli.ok(['databases', 'acme'])).toContain(id);
    expect((await cli.ok(['databases'])).split('\n').map((each) => each.split('\t')[0])).toEqual(['acme', 'demo', '']);
    expect(await cli.run(['databases', 'acme', '--create'])).toMatchObject({ code: 4 });
    expect(await cli.run(['databases', 'none'])).toMatchObject({ code: 3, stdout: '' });
  });

  it('tells what was billed, what this month comes to so far, and writes it as a PDF', async () => {
    expect(await cli.ok(['invoices'])).toBe('month\tnumber\tstate\ttotal\tdue\tcurrency\n');
    const month = new Date().toISOString().slice(0, 7);
    const lines = (await cli.ok(['invoices', month])).trimEnd().split('\n');
    expect(lines[0]).toBe('month\twhat\tplan\tquantity\tincluded\tamount');
    expect(lines.at(-1)).toBe('\ttotal\t\t\t\t0 USD');
    const pdf = path.join(folder, 'invoice.pdf');
    await cli.ok(['invoices', month, '--pdf', pdf]);
    expect(readFileSync(pdf).subarray(0, 5).toString()).toBe('%PDF-');
    expect(await cli.run(['invoices', '1999-01'])).toMatchObject({ code: 3, stdout: '' });
    expect(await cli.run(['invoices', '--pdf', pdf])).toMatchObject({ code: 1, stdout: '' });
  });

  it('writes, reads, lists and deletes', async () => {
    expect(await cli.ok(['put', 'acme', 'users/1', 'Ada'])).toMatch(VERSION);
    expect(await cli.ok(['get', 'acme', 'users/1'])).toBe('Ada');
    const bytes = Buffer.from([0, 1, 0x0a, 0xff]);
    await cli.ok(['put', 'acme', '_w', '--keys', 'base64'], { input: bytes });
    expect(await cli.ok(['list', 'acme', '--json', '--keys', 'base64'])).toContain('"key":"_w","value64":"AAEK_w"');
    await cli.ok(['put', 'acme', '["users",{"bigint":"7"},true]', '{}', '--keys', 'tuple']);
    expect(await cli.ok(['list', 'acme', '--keys', 'tuple'])).toContain('["users",{"bigint":"7"},true]\t{}\n');
    expect(await cli.ok(['list', 'acme', '--prefix', 'users/'])).toBe('users/1\tAda\n');
    expect(await cli.run(['put', 'acme', 'users/1', 'Bob', '--if-absent'])).toMatchObject({ code: 4, stdout: '' });
    expect(await cli.run(['get', 'acme', 'none'])).toMatchObject({
      code: 3,
      stdout: '',
      stderr: line('there is no such key'),
    });
    expect(await cli.ok(['delete', 'acme', '--prefix', 'users/'])).toMatch(VERSION);
    expect(await cli.run(['get', 'acme', 'users/1'])).toMatchObject({ code: 3 });
  });

  it.each([
    ['nothing to delete', ['delete', 'acme'], 'give a key, or --prefix'],
    ['a delete of everything by an empty prefix', ['delete', 'acme', '--prefix', ''], 'would delete everything'],
    ['two conditions', ['put', 'acme', 'k', 'v', '--if-absent', '--if-exists'], 'give one of'],
    ['a value twice', ['put', 'acme', 'k', 'v', '--file', 'x'], 'give a value, or --file'],
    ['a key that is no tuple', ['get', 'acme', 'users', '--keys', 'tuple'], 'is not a JSON array'],
    ['a time that is none', ['list', 'acme', '--at', 'yesterday'], '--at takes a version, or a time'],
    ['a database that there is not', ['get', 'none', 'k'], '[database-not-found]'],
    ['an empty key', ['put', 'acme', '', 'v'], '[invalid-key]'],
    ['a file that there is not', ['import', 'acme', 'none.jsonl'], 'none.jsonl cannot be read'],
    ['a dump that is none', ['import', 'acme', import.meta.filename, '--format', 'redis'], 'is not a dump of Redis'],
    [
      'an export of nothing to where none can be',
      ['export', 'demo', '--prefix', 'none/', '--out', '/none/x'],
      '/none/x',
    ],
    ['a value that there is not', ['put', 'acme', 'k', '--file', 'none.txt'], 'none.txt cannot be read'],
    ['a table of JSON', ['import', 'acme', 'x', '--table', 't'], 'belong to --format sqlite'],
  ])('refuses %s, and says why', async (_what, args, message) => {
    const { code, stdout, stderr } = await cli.run(args, { input: 'v' });
    expect(stderr).toContain(message);
    expect(stderr.split('\n')).toHaveLength(2);
    expect(stdout).toBe('');
    expect(code).toBeGreaterThan(0);
  });

  it('tells what is written as it is written, until its reader has seen enough', async () => {
    await cli.ok(['put', 'acme', 'news', 'one']);
    let seen = '';
    const tail = cli.run(['tail', 'acme', '--prefix', 'news', '--since', '0', '--json'], {
      onStart: (child) => {
        child.stdout?.on('data', (chunk: Buffer) => {
          seen += chunk.toString();
          if (seen.includes('two')) child.kill();
        });
      },
    });
    await cli.ok(['put', 'acme', 'news', 'two']);
    await tail;
    const values = seen
      .trim()
      .split('\n')
      .map((each) => (JSON.parse(each) as { changes: { value: string }[] }).changes[0]?.value);
    expect(values).toEqual(['one', 'two']);
  });

  it('reads dumps of Redis', async () => {
    await cli.ok(['databases', 'from-redis', '--create']);
    const report = JSON.parse(
      await cli.ok(['import', 'from-redis', REDIS_DUMP, '--format', 'redis', '--json']),
    ) as object;
    expect(report).toMatchObject({ entries: 8, skipped: { stream: 1, 'key of another database': 1 } });
    expect(await cli.ok(['get', 'from-redis', 'long'])).toBe('ab'.repeat(200));
  });

  describe(`with ${ENTRIES} entries`, () => {
    const file = () => path.join(folder, 'entries.jsonl');

    beforeAll(async () => {
      const out = createWriteStream(file());
      for (let n = 0; n < ENTRIES; n++) {
        const entry = JSON.stringify({
          key: `user/${String(n).padStart(9, '0')}`,
          value: `{"name":"User ${n}","plan":${n % 3}}`,
        });
        if (!out.write(`${entry}\n`)) await once(out, 'drain');
      }
      await new Promise<void>((resolve) => out.end(resolve));
      await cli.ok(['databases', 'large', '--create']);
    }, 60_000);

    /** Kills the command once `isUnderWay`; null where it was faster. */
    const killed = async (args: readonly string[], isUnderWay: () => boolean): Promise<number | null> => {
      const { code } = await cli.run(args, {
        onStart: (child) => {
          const look = setInterval(() => isUnderWay() && child.kill('SIGKILL'), 5);
          child.once('close', () => clearInterval(look));
        },
      });
      return code;
    };
    const checkpoints = (): string[] => {
      try {
        const kept = path.join(folder, 'state', 'leasehold', 'transfers');
        return readdirSync(kept)
          .filter((name) => name.endsWith('.json'))
          .map((name) => readFileSync(path.join(kept, name), 'utf8'));
      } catch {
        return [];
      }
    };

    it('imports them after a kill, going on where it was', async () => {
      const args = ['import', 'large', file(), '--json'];
      const position = (): number => Number(/"position":(\d+)/.exec(checkpoints()[0] ?? '')?.[1] ?? 0);
      expect(await killed(args, () => position() > 0)).toBeNull();
      const left = position();
      const { code, stdout, stderr, peakMiB } = await cli.run(args);
      expect(stderr).toContain('goes on behind');
      expect(code).toBe(0);
      const report = JSON.parse(stdout) as { entries: number; from: number; seconds: number };
      expect(report.from).toBe(left);
      expect(report.entries).toBeLessThan(ENTRIES);
      expect(peakMiB).toBeLessThan(MAX_PEAK_MIB);
      expect(checkpoints()).toEqual([]);
      writeSync(2, `imported ${report.entries} in ${report.seconds} s, at most ${Math.round(peakMiB)} MiB\n`);
    }, 300_000);

    it('exports them after a kill, byte for byte', async () => {
      const out = path.join(folder, 'out.jsonl');
      const args = ['export', 'large', '--out', out, '--json'];
      expect(await killed(args, () => checkpoints().length > 0)).toBeNull();
      // Meanwhile it goes on changing: what is exported is one state.
      await cli.ok(['put', 'large', `user/${'9'.repeat(9)}`, 'too late']);
      const { code, stdout, stderr, peakMiB } = await cli.run(args);
      expect(stderr).toContain('goes on behind');
      expect(code).toBe(0);
      const { entries, seconds } = JSON.parse(stdout) as { entries: number; seconds: number };
      expect(readFileSync(out).equals(readFileSync(file()))).toBe(true);
      expect(peakMiB).toBeLessThan(MAX_PEAK_MIB);
      writeSync(2, `exported the last ${entries} in ${seconds} s, at most ${Math.round(peakMiB)} MiB\n`);
      expect(await cli.run(args)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('--restart writes it anew'),
      });
    }, 300_000);
  });

  it('forgets the key', async () => {
    await cli.ok(['logout']);
    expect(await cli.run(['databases'])).toMatchObject({ code: 1, stdout: '' });
  });
});
