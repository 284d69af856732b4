import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Head } from '@leasehold/engine';
import { commitOf, INLINE_LIMIT_BYTES, putEntry } from '@leasehold/engine';
import type { Version } from '@leasehold/foundation';
import { utf8 } from '@leasehold/foundation';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, patient, TAKEOVER_MS, TestWorkers, textOf } from '../testing/test-workers.js';
import type { AccessOptions } from './access-options.js';
import type { FirstCommit } from './first-commit.js';

const DATABASE = databaseNamed(1);
/** Longer than any settlement goes on by itself. */
const SETTLEMENT_MS = 31_000;

let workers: TestWorkers;
let a: TestWorker;
let b: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
  b = await workers.start();
  await workers.clock.advance(1_000);
  a.line.forget();
});

afterEach(() => workers.stop());

/** Puts one key, carried by the claim where that works. */
function put(key: string, value: string, onHead: (head: Head) => void = () => undefined): FirstCommit<Version> {
  return (head) => {
    onHead(head);
    const version = { epoch: head.epoch, sequence: head.lastCommit.sequence + 1 };
    const entry = putEntry(utf8(key), version, utf8(value));
    return { commit: commitOf(version, [entry], { committedAt: workers.clock.now() }), answer: version };
  };
}

/** What became of it: the version of a carried commit, `written` when the operation had to write, or the code of an error. */
function outcomeOf(
  worker: TestWorker,
  first: FirstCommit<Version>,
  options: AccessOptions = patient(),
): Promise<Version | string> {
  return worker.access.databases
    .use<Version | string>(DATABASE, options, () => Promise.resolve('written'), { first })
    .catch((error: { code: string }) => error.code);
}

/** As somebody sees it who knows nothing but the bucket. */
async function inBucket(): Promise<Record<string, string>> {
  const { inline } = (await workers.headOf(DATABASE)).head;
  return Object.fromEntries(inline.map(({ key, value }) => [textOf(key), textOf(value)]));
}

describe('a first commit', () => {
  it('is created with the head: two round trips to durable', async () => {
    const version = await workers.settle(outcomeOf(a, put('k', 'v')));
    expect(version).toEqual({ epoch: 1, sequence: 1 });
    expect(a.line.requests.map(({ verb }) => verb)).toEqual(['get', 'put']);
    expect(await inBucket()).toEqual({ k: 'v' });
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: a.session.id, epoch: 1, lastCommit: version });
  });

  it('goes along with the claim of a database that nobody owns, and the log goes on from it', async () => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    await workers.settle(a.release(DATABASE));
    b.line.forget();
    expect(await workers.settle(outcomeOf(b, put('k2', 'v2')))).toEqual({ epoch: 2, sequence: 2 });
    expect(b.line.requests.map(({ verb }) => verb)).toEqual(['get', 'put']);
    expect(await inBucket()).toEqual({ k1: 'v1', k2: 'v2' });
    expect(await workers.settle(b.put(DATABASE, 'k3', 'v3'))).toEqual({ epoch: 2, sequence: 3 });
    b.crash();
    await workers.clock.advance(TAKEOVER_MS);
    expect(await workers.settle(a.list(DATABASE))).toEqual({ k1: 'v1', k2: 'v2', k3: 'v3' });
  });

  it('comes after the tail of the owner that died (H3)', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'old'));
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    let seen: Head | undefined;
    const outcome = outcomeOf(
      b,
      put('k', 'new', (head) => (seen = head)),
    );
    expect(await workers.settle(outcome)).toEqual({ epoch: 2, sequence: 2 });
    expect(seen).toMatchObject({ epoch: 2, owner: b.session.id, lastCommit: { epoch: 1, sequence: 1 } });
    expect(seen?.inline.map(({ value }) => textOf(value))).toEqual(['old']);
    expect(await b.get(DATABASE, 'k')).toBe('new');
  });

  it('stays behind when it does not want to go, and the database is claimed without it', async () => {
    expect(await workers.settle(outcomeOf(a, () => undefined))).toBe('written');
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: a.session.id, lastCommit: { sequence: 0 } });
  });

  it('stays behind when the inline run has no room for it', async () => {
    const large = 'x'.repeat(INLINE_LIMIT_BYTES);
    expect(await workers.settle(outcomeOf(a, put('k', large)))).toBe('written');
    expect(a.line.count('put', 'db/')).toBe(1);
    expect(await inBucket()).toEqual({});
  });

  it('is carried for one caller; the others share the claim', async () => {
    const outcomes = await workers.settle(
      Promise.all([outcomeOf(a, put('k1', 'v')), outcomeOf(a, put('k2', 'v')), outcomeOf(a, put('k3', 'v'))]),
    );
    expect(outcomes).toEqual([{ epoch: 1, sequence: 1 }, 'written', 'written']);
    expect(await inBucket()).toEqual({ k1: 'v' });
  });

  it('is not asked for where the database is open', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    expect(await outcomeOf(a, put('k', 'w'))).toBe('written');
  });
});

describe('a first commit whose claim met trouble', () => {
  it('is acknowledged once although the answer was lost', async () => {
    a.faulty.next('put', 'fail-after');
    expect(await workers.settle(outcomeOf(a, put('k', 'v')))).toEqual({ epoch: 1, sequence: 1 });
    expect((await workers.headOf(DATABASE)).head.trail.edits).toBe(1);
  });

  it('is built again on the head that won the race', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    await workers.settle(a.release(DATABASE));
    const heads: Head[] = [];
    a.line.trouble('hold', 'db/', ['put']);
    const outcome = outcomeOf(
      a,
      put('k2', 'v2', (head) => heads.push(head)),
    );
    await workers.clock.advance(1);
    await workers.settle(b.put(DATABASE, 'k3', 'v3'));
    await workers.settle(b.release(DATABASE));
    a.line.mend();
    expect(await workers.settle(outcome)).toEqual({ epoch: 3, sequence: 3 });
    expect(heads.map(({ epoch, lastCommit }) => [epoch, lastCommit.sequence])).toEqual([
      [2, 1],
      [3, 2],
    ]);
    expect(await inBucket()).toEqual({ k: 'v', k2: 'v2', k3: 'v3' });
  });

  it('was not applied when another session won', async () => {
    a.line.trouble('hold', 'db/', ['put']);
    const outcome = outcomeOf(a, put('k', 'mine'));
    await workers.clock.advance(1);
    await workers.settle(b.put(DATABASE, 'k', 'theirs'));
    a.line.mend();
    expect(await workers.settle(outcome)).toBe('misdirected');
    expect(await workers.settle(b.list(DATABASE))).toEqual({ k: 'theirs' });
  });

  it('is unknown to its caller alone when the claim stays unclear; nothing tries it again', async () => {
    let built = 0;
    a.line.trouble('cut', 'db/', ['put']);
    const carried = outcomeOf(
      a,
      put('k', 'v', () => built++),
    );
    const other = outcomeOf(a, put('k2', 'v2'));
    expect(await workers.settle(Promise.all([carried, other]), SETTLEMENT_MS)).toEqual([
      'outcome-unknown',
      'owner-unavailable',
    ]);
    a.line.mend();
    expect(built).toBe(1);
    expect(await workers.settle(outcomeOf(a, put('k3', 'v3')))).toEqual({ epoch: 1, sequence: 1 });
    expect(await inBucket()).toEqual({ k3: 'v3' });
  });

  it.each(['before', 'after'] as const)('may land after all, %s the next claim, and never twice', async (order) => {
    a.line.trouble('hold', 'db/', ['put']);
    expect(await workers.settle(outcomeOf(a, put('k', 'late')), SETTLEMENT_MS)).toBe('outcome-unknown');
    a.line.letPass();
    if (order === 'before') {
      a.line.mend();
      await workers.clock.advance(1);
      expect(await inBucket()).toEqual({ k: 'late' });
    }
    const next = await workers.settle(outcomeOf(a, put('k2', 'v2')));
    expect(next).toEqual(order === 'before' ? { epoch: 2, sequence: 2 } : { epoch: 1, sequence: 1 });
    a.line.mend();
    await workers.clock.advance(1);
    expect(await inBucket()).toEqual(order === 'before' ? { k: 'late', k2: 'v2' } : { k2: 'v2' });
    expect(await workers.settle(a.list(DATABASE))).toEqual(await inBucket());
  });

  it('is acknowledged when it was applied and the database taken over since', async () => {
    a.line.trouble('lose', 'db/', ['put']);
    const outcome = outcomeOf(a, put('k', 'v'));
    await workers.clock.advance(1);
    // Another session edits the head before we learn the outcome, as if we had ended.
    const stored = await workers.headOf(DATABASE);
    expect(stored.head.owner).toBe(a.session.id);
    await workers.heads.swap(stored, { ...stored.head, epoch: 2, owner: b.session.id });
    a.line.mend();
    expect(await workers.settle(outcome)).toEqual({ epoch: 1, sequence: 1 });
    expect(a.access.databases.isOpen(DATABASE.databaseId)).toBe(false);
    expect(await inBucket()).toEqual({ k: 'v' });
  });
});

describe('the caller of a first commit who waits no longer', () => {
  it('is told that nothing was applied, and nothing ever is, before it was sent', async () => {
    const time = new AbortController();
    a.line.trouble('hold', 'db/', ['get']);
    const outcome = outcomeOf(a, put('k', 'v'), { signal: time.signal });
    await workers.clock.advance(1);
    time.abort();
    expect(await workers.settle(outcome)).toBe('owner-unavailable');
    a.line.mend();
    await workers.clock.advance(10);
    expect(a.access.databases.isOpen(DATABASE.databaseId)).toBe(true);
    expect(await inBucket()).toEqual({});
  });

  it('is told that the outcome is unknown once it was sent', async () => {
    const time = new AbortController();
    a.line.trouble('hold', 'db/', ['put']);
    const outcome = outcomeOf(a, put('k', 'v'), { signal: time.signal });
    await workers.clock.advance(1);
    time.abort();
    expect(await workers.settle(outcome)).toBe('outcome-unknown');
    a.line.mend();
    await workers.clock.advance(10);
    expect(await inBucket()).toEqual({ k: 'v' });
  });

  it('is not asked again when the race was lost after it had gone', async () => {
    const time = new AbortController();
    let built = 0;
    a.line.trouble('hold', 'db/', ['put']);
    const outcome = outcomeOf(
      a,
      put('k', 'v', () => built++),
      { signal: time.signal },
    );
    await workers.clock.advance(1);
    await workers.settle(b.put(DATABASE, 'k2', 'v2'));
    await workers.settle(b.release(DATABASE));
    time.abort();
    expect(await workers.settle(outcome)).toBe('outcome-unknown');
    a.line.mend();
    await workers.clock.advance(10);
    // The claim goes on for whoever shares it.
    expect(a.access.databases.isOpen(DATABASE.databaseId)).toBe(true);
    expect(built).toBe(1);
    expect(await inBucket()).toEqual({ k2: 'v2' });
  });
});

describe('a first commit in a drain', () => {
  it('is withdrawn before it was sent', async () => {
    a.line.trouble('hold', 'db/', ['get']);
    const outcome = outcomeOf(a, put('k', 'v'));
    await workers.clock.advance(1);
    const drained = a.drain();
    expect(await workers.settle(outcome)).toBe('service-draining');
    a.line.mend();
    await workers.settle(drained);
    expect(await inBucket()).toEqual({});
  });

  it('is waited for once it was sent', async () => {
    a.line.trouble('hold', 'db/', ['put']);
    const outcome = outcomeOf(a, put('k', 'v'));
    await workers.clock.advance(1);
    const drained = a.drain();
    await workers.clock.advance(10);
    a.line.mend();
    expect(await workers.settle(outcome)).toEqual({ epoch: 1, sequence: 1 });
    await workers.settle(drained);
    await workers.clock.advance(1_000);
    expect(await workers.settle(b.get(DATABASE, 'k'))).toBe('v');
  });
});
