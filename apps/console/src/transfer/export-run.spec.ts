import { describe, expect, it } from '@jest/globals';
import { InvalidError, UnavailableError, type ByteEntry, type Version } from '@leasehold/client';

import { utf8 } from '../data/bytes.js';
import { ExportRun, type ExportProgress } from './export-run.js';
import type { ExportSink } from './export-sink.js';

const PAGE = 1_000;
const VERSION = '00000001000000000007';
const LATER = '00000001000000000008';

interface Asked {
  readonly prefix?: unknown;
  readonly cursor: string | null | undefined;
  readonly at: unknown;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** Of so many keys, in pages as they are asked for. Its state moves on with each page. */
class FakeData {
  readonly asked: Asked[] = [];
  failAt: number | undefined;
  onPage: () => void = () => undefined;

  constructor(private readonly total: number) {}

  readonly page = async (asked: object) => {
    const { cursor, at, limit, signal } = asked as Asked;
    this.asked.push(asked as Asked);
    if (this.asked.length === this.failAt) throw new UnavailableError({ code: 'unreachable', message: 'no answer' });
    const from = Number(cursor ?? 0);
    const entries = Array.from({ length: Math.min(limit, this.total - from) }, (_, index) => entryOf(from + index));
    this.onPage();
    signal.throwIfAborted();
    const version: Version = typeof at === 'string' ? at : this.asked.length === 1 ? VERSION : LATER;
    return { entries, cursor: from + limit < this.total ? String(from + limit) : null, version };
  };
}

function entryOf(number: number): ByteEntry {
  return { key: utf8(`k${number}`), value: utf8(`v${number}`), version: VERSION };
}

class FakeSink implements ExportSink {
  text = '';
  state: 'open' | 'ended' | 'abandoned' = 'open';
  failure: Error | undefined;

  async write(bytes: Uint8Array): Promise<void> {
    if (this.failure) throw this.failure;
    this.text += new TextDecoder().decode(bytes);
  }

  async end(): Promise<void> {
    this.state = 'ended';
  }

  async abandon(): Promise<void> {
    this.state = 'abandoned';
  }
}

const linesOf = (total: number) =>
  Array.from({ length: total }, (_, number) => `{"key":"k${number}","value":"v${number}"}\n`).join('');

function exportOf(total: number, at?: Date) {
  const data = new FakeData(total);
  const sink = new FakeSink();
  const told: ExportProgress[] = [];
  const run = new ExportRun(data, { range: { prefix: 'k' }, at }, sink, (progress) => void told.push(progress));
  return { data, sink, told, run };
}

const never = () => new AbortController().signal;

describe('an export', () => {
  it('writes every entry as a line, all of it in the state of its first page, and tells how far it is', async () => {
    const { data, sink, told, run } = exportOf(2 * PAGE + 1);
    expect(await run.run(never())).toBe(true);
    expect(sink.text).toBe(linesOf(2 * PAGE + 1));
    expect(sink.state).toBe('ended');
    expect(data.asked.map(({ prefix, at, cursor }) => [prefix, at, cursor])).toEqual([
      ['k', undefined, undefined],
      ['k', VERSION, '1000'],
      ['k', VERSION, '2000'],
    ]);
    expect(told.map(({ entries }) => entries)).toEqual([PAGE, 2 * PAGE, 2 * PAGE + 1]);
    expect(told.at(-1)).toEqual({ entries: 2_001, bytes: sink.text.length, version: VERSION });
  });

  it('begins in the past where it is told to', async () => {
    const at = new Date(0);
    const { data, run } = exportOf(1, at);
    await run.run(never());
    expect(data.asked[0]?.at).toBe(at);
  });

  it('of nothing is an empty file', async () => {
    const { sink, run } = exportOf(0);
    expect(await run.run(never())).toBe(true);
    expect([sink.text, sink.state]).toEqual(['', 'ended']);
  });

  it('goes on behind what it wrote, in the same state, after the network was gone', async () => {
    const { data, sink, run } = exportOf(2 * PAGE + 1);
    data.failAt = 2;
    const failure = await run.run(never()).catch((error: Error) => error);
    expect(failure).toBeInstanceOf(UnavailableError);
    expect(run.mayGoOn(failure as Error)).toBe(true);
    expect(sink.text).toBe(linesOf(PAGE));
    expect(await run.run(never())).toBe(true);
    expect(sink.text).toBe(linesOf(2 * PAGE + 1));
    expect(data.asked.slice(1).map(({ at }) => at)).toEqual([VERSION, VERSION, VERSION]);
  });

  it('stops while a page is read, writes nothing of it, and gives the file up', async () => {
    const { data, sink, run } = exportOf(3 * PAGE);
    const stop = new AbortController();
    data.onPage = () => {
      if (data.asked.length === 2) stop.abort();
    };
    expect(await run.run(stop.signal)).toBe(false);
    run.close();
    expect([sink.text, sink.state]).toEqual([linesOf(PAGE), 'abandoned']);
  });

  it('keeps the file that it has ended', async () => {
    const { sink, run } = exportOf(1);
    await run.run(never());
    run.close();
    expect(sink.state).toBe('ended');
  });

  it('cannot go on where the file cannot be written, or the state is gone', async () => {
    const { sink, run } = exportOf(1);
    sink.failure = new DOMException('the disk is full', 'QuotaExceededError');
    const failure = (await run.run(never()).catch((error: Error) => error)) as Error;
    expect(failure).toMatchObject({ message: 'The file cannot be written.', cause: sink.failure });
    expect(run.mayGoOn(failure)).toBe(false);
    expect(run.mayGoOn(new InvalidError({ code: 'history-gone', message: 'gone' }))).toBe(false);
  });
});
