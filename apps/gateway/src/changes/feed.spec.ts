import { beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { ProblemError } from '@leasehold/protocol';

import type { FeedPart, FeedSource } from './feed.js';
import { Feed } from './feed.js';
import { DEFAULT_FEED_SETTINGS } from './feed-settings.js';

const { heartbeatMs, lifetimeMs, maxTroubleMs, waitMs, retryMs } = DEFAULT_FEED_SETTINGS;
const NOTHING = { text: new Uint8Array(0), through: 0, taken: () => undefined };

class HeardConnection {
  readonly heard: string[] = [];
  readonly leaving = new AbortController();
  /** The client takes what is written when this resolves. */
  taking: Promise<void> = Promise.resolve();

  get gone(): AbortSignal {
    return this.leaving.signal;
  }

  async write(text: Uint8Array): Promise<void> {
    if (text.byteLength > 0) this.heard.push(Buffer.from(text).toString());
    await this.taking;
  }

  beat(): void {
    this.heard.push('beat');
  }

  end(ms: number, problem?: string): void {
    const { code } = JSON.parse(problem ?? '{}') as { code?: string };
    this.heard.push(problem === undefined ? 'end' : `end ${code} retry ${ms}`);
    if (problem === undefined) expect(ms).toBeLessThanOrEqual(1_000);
  }
}

let clock: FakeClock;
let connection: HeardConnection;
let asked: { readonly since: number; readonly atMs: number }[];
let refused: unknown[];
let toldBytes: number[];
let rights: () => void;
/** What the next parts are; after them the worker waits as it was told and has nothing. */
let parts: (FeedPart | ProblemError)[];
let outage: ProblemError | undefined;
let begunAt: number;

beforeEach(() => {
  clock = new FakeClock();
  connection = new HeardConnection();
  [asked, refused, toldBytes, parts, outage] = [[], [], [], [], undefined];
  rights = () => undefined;
  begunAt = clock.monotonic();
});

const source: FeedSource = {
  check: async () => rights(),
  part: async (since, ms, signal) => {
    asked.push({ since, atMs: clock.monotonic() - begunAt });
    if (outage !== undefined) throw outage;
    const next = parts.shift();
    if (next instanceof Error) throw next;
    if (next !== undefined) return next;
    await clock.sleep(ms, signal).catch(() => undefined);
    return { ...NOTHING, through: since };
  },
};

const part = (text: string, through: number): FeedPart => ({ ...NOTHING, text: utf8(text), through });

function begin(first: FeedPart = NOTHING) {
  const settings = DEFAULT_FEED_SETTINGS;
  const onRefused = (error: unknown): void => void refused.push(error);
  const onTold = (sizeBytes: number): void => void toldBytes.push(sizeBytes);
  const context = { clock, random: seededRandom(1), settings, onTold, onRefused };
  const feed = new Feed(source, connection, 'r', context);
  return { feed, over: feed.run(first) };
}

describe('a feed', () => {
  it('asks for each part from where the one before ended, once its client has taken that', async () => {
    let take = (): void => undefined;
    connection.taking = new Promise((resolve) => (take = resolve));
    parts = [part('b', 5), part('c', 9)];
    begin(part('a', 3));
    await clock.advance(1_000);
    expect([connection.heard, asked]).toEqual([['a'], []]);
    take();
    await clock.advance(1);
    expect(connection.heard).toEqual(['a', 'b', 'c']);
    expect(asked.map(({ since }) => since)).toEqual([3, 5, 9]);
  });

  it('gives the memory of every part back, also of one that it may not tell', async () => {
    const given: string[] = [];
    const giving = (name: string) => ({ ...part(name, 1), taken: () => void given.push(name) });
    let checks = 0;
    rights = () => {
      // Before the part, and when it has come.
      if (++checks === 4) throw new ProblemError('invalid-api-key', 'revoked');
    };
    parts = [giving('b'), giving('c')];
    const { over } = begin(giving('a'));
    await clock.settle(over);
    expect(given).toEqual(['a', 'b', 'c']);
    expect(toldBytes).toEqual([1, 1]);
    expect(connection.heard).toEqual(['a', 'b', `end invalid-api-key retry ${retryMs}`]);
  });

  it('says that it is alive while nothing happens, and its worker waits meanwhile', async () => {
    begin();
    await clock.advance(60_000);
    expect(connection.heard).toEqual(Array.from({ length: 60_000 / heartbeatMs }, () => 'beat'));
    expect(asked.map(({ atMs }) => atMs)).toEqual([0, waitMs, 2 * waitMs]);
  });

  it('does not ask in a circle where a worker cannot wait', async () => {
    parts = Array.from({ length: 1_000 }, () => NOTHING);
    begin();
    await clock.advance(10_000);
    expect(asked.length).toBeLessThanOrEqual(41);
  });

  it('hears while it waits that its key was revoked', async () => {
    const { over } = begin();
    await clock.advance(1);
    rights = () => {
      throw new ProblemError('invalid-api-key', 'revoked');
    };
    await clock.settle(over);
    expect(clock.monotonic() - begunAt).toBe(heartbeatMs);
    expect(connection.heard.at(-1)).toBe(`end invalid-api-key retry ${retryMs}`);
  });

  it('is kept while the directory cannot tell', async () => {
    begin();
    rights = () => {
      throw new ProblemError('unavailable', 'no answer');
    };
    await clock.advance(heartbeatMs + waitMs + 1_000);
    rights = () => undefined;
    parts = [part('a', 1)];
    await clock.advance(5_000);
    expect(connection.heard.filter((each) => each !== 'beat')).toEqual(['a']);
  });

  it('tries on while nobody serves it, for as long as it was told, and then says so', async () => {
    outage = new ProblemError('owner-unavailable', 'nobody', { retryAfterMs: 700 });
    const { over } = begin();
    await clock.settle(over);
    const tookMs = clock.monotonic() - begunAt;
    expect(tookMs).toBeGreaterThanOrEqual(maxTroubleMs);
    expect(tookMs).toBeLessThan(maxTroubleMs + 2_000);
    expect(asked.length).toBe(Math.ceil(maxTroubleMs / 700) + 1);
    expect(connection.heard.at(-1)).toBe(`end owner-unavailable retry ${retryMs}`);
    expect(refused).toEqual([outage]);
  });

  it('counts trouble from its last success', async () => {
    begin();
    for (let round = 0; round < 5; round++) {
      outage = new ProblemError('overloaded', 'too much');
      await clock.advance(maxTroubleMs - 5_000);
      outage = undefined;
      await clock.advance(waitMs + 2_000);
    }
    expect(connection.heard.filter((each) => each !== 'beat')).toEqual([]);
  });

  it('ends at once on what no time heals', async () => {
    parts = [new ProblemError('history-gone', 'gone')];
    const { over } = begin();
    await clock.settle(over, 1);
    expect(connection.heard).toEqual([`end history-gone retry ${retryMs}`]);
  });

  it('ends its signal also when an error has ended it', async () => {
    let seen: AbortSignal | undefined;
    const settings = DEFAULT_FEED_SETTINGS;
    const listening: FeedSource = {
      check: async () => undefined,
      part: async (_since, _ms, signal) => {
        seen = signal;
        throw new ProblemError('history-gone', 'gone');
      },
    };
    const context = { clock, random: seededRandom(1), settings, onTold: () => undefined, onRefused: () => undefined };
    await clock.settle(new Feed(listening, connection, 'r', context).run(NOTHING), 1);
    expect(seen?.aborted).toBe(true);
  });

  it('tells nothing of a bug but that there is one', async () => {
    rights = () => {
      throw new TypeError('secret');
    };
    const { over } = begin();
    await clock.settle(over, 1);
    expect(connection.heard).toEqual([`end internal retry ${retryMs}`]);
    expect(refused).toEqual([expect.objectContaining({ message: 'secret' })]);
  });

  it.each([
    ['its lifetime is over', () => undefined, lifetimeMs],
    ['it is stopped', (feed: Feed) => clock.schedule(1_234, () => feed.stop()), 1_234],
    ['its client is gone', () => clock.schedule(1_234, () => connection.leaving.abort()), 1_234],
  ])('ends without an error when %s, and leaves no timer', async (_what, arrange, afterMs) => {
    const { feed, over } = begin();
    arrange(feed);
    await clock.settle(over, 2 * lifetimeMs);
    expect(clock.monotonic() - begunAt).toBe(afterMs);
    expect(connection.heard.at(-1)).toBe('end');
    expect([refused, clock.armedTimers]).toEqual([[], 0]);
  });

  it('asks nothing for a client that is gone before it begins', async () => {
    connection.leaving.abort();
    await begin(part('a', 1)).over;
    expect([connection.heard, asked]).toEqual([['end'], []]);
  });
});
