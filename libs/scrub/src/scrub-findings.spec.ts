import { bucketLayout } from '@leasehold/bucket-layout';
import { decodeSegment, encodeSegment } from '@leasehold/commit-log';
import type { Commit } from '@leasehold/engine';
import { decodeCommits, decodeHead, encodeCommits, encodeHead, encodePin } from '@leasehold/engine';
import { utf8 } from '@leasehold/foundation';
import type { SessionId, Ulid } from '@leasehold/foundation';
import type { SessionRecord } from '@leasehold/lease';
import { decodeSessionRecord, encodeSessionRecord } from '@leasehold/lease';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { BusyBucket, INLINE, LARGE, LEFT, LOGGED } from '../testing/busy-bucket.js';
import type { ScrubReport } from './scrub-report.js';

const HOUR_MS = 60 * 60 * 1_000;
const NONCE = 'ab'.repeat(16);
const NOBODY = '01jd0000000000000000000009' as SessionId;

let bucket: BusyBucket;

beforeAll(async () => {
  bucket = await BusyBucket.filled();
});
afterEach(() => bucket.restore());
afterAll(() => bucket.stop());

async function recordOf(sessionId: SessionId): Promise<SessionRecord> {
  return decodeSessionRecord((await bucket.read(bucketLayout.session(sessionId))).body);
}

async function rewriteRecord(sessionId: SessionId, change: Partial<SessionRecord>): Promise<void> {
  const record = { ...(await recordOf(sessionId)), ...change };
  await bucket.overwrite(bucketLayout.session(sessionId), encodeSessionRecord(record));
}

function named({ findings }: ScrubReport): string[] {
  return findings.map(({ kind, name, why }) => `${kind} ${name}: ${why}`);
}

describe('orphans', () => {
  async function put(name: string, body: Uint8Array = utf8('x')): Promise<string> {
    await bucket.memory.put(name, body, 'create');
    return name;
  }

  it('are told with their reason, and are neither missing nor corrupt', async () => {
    const { sessionId, floor } = await recordOf(bucket.worker.session.id);
    const orphans: readonly (readonly [string, string])[] = [
      [bucketLayout.sst(LARGE, '7'.repeat(26)), 'no head and no pin names it'],
      [`db/${LARGE}/blob/x`, 'nothing is known under such a name'],
      [`db/nobody/head`, 'nothing is known under such a name'],
      [bucketLayout.segment(sessionId, floor - 1), `it lies below the floor ${floor}`],
      [bucketLayout.rollup(sessionId, 2, 3), 'the session record does not name it'],
      [`log/${sessionId}/notes`, 'nothing is known under such a name'],
      [bucketLayout.segment(NOBODY, 1), 'its session has no record'],
      [bucketLayout.rollup(NOBODY, 1, 2), 'its session has no record'],
      ['probe/x', 'nothing is known under such a name'],
      ['workers/x', 'nothing is known under such a name'],
    ];
    for (const [name] of orphans) await put(name);
    const report = await bucket.scrub();
    expect(report).toMatchObject({ missing: 0, corrupt: 0, orphans: orphans.length, young: 0 });
    expect(named(report).sort()).toEqual(orphans.map(([name, why]) => `orphan ${name}: ${why}`).sort());
    expect(report.objects).toBe(report.referenced + report.orphans);
  });

  it('are counted apart while they are young, by the clock of the store', async () => {
    await put('probe/old');
    await bucket.clock.advance(HOUR_MS);
    const name = await put(bucketLayout.sst(LARGE, '7'.repeat(26)));
    const report = await bucket.scrub({ graceMs: HOUR_MS });
    expect(report).toMatchObject({ orphans: 1, young: 1 });
    expect(report.findings.find(({ kind }) => kind === 'young')?.name).toBe(name);
    await bucket.clock.advance(HOUR_MS);
    expect(await bucket.scrub({ graceMs: HOUR_MS })).toMatchObject({ orphans: 2, young: 0 });
  });

  it('are what gc has not come to: none is left after it', async () => {
    await put(bucketLayout.sst(LARGE, '0'.repeat(26)));
    expect(await bucket.scrub()).toMatchObject({ orphans: 1 });
    await bucket.collect();
    expect(await bucket.scrub()).toMatchObject({ orphans: 0, missing: 0, corrupt: 0 });
  });

  it('are none while the head that would tell cannot be read', async () => {
    await bucket.overwrite(bucketLayout.head(LARGE), utf8('x'));
    await bucket.overwrite(bucketLayout.session(bucket.worker.session.id), utf8('x'));
    expect(await bucket.scrub()).toMatchObject({ missing: 0, corrupt: 2, orphans: 0 });
  });

  it('are seals of a log that was purged never', async () => {
    const { id: sessionId } = bucket.died.session;
    await bucket.memory.delete(bucketLayout.session(sessionId));
    for (const number of [1, 2, 3]) await bucket.memory.delete(bucketLayout.segment(sessionId, number));
    expect(await bucket.scrub()).toMatchObject({ missing: 0, corrupt: 0, orphans: 0, sessions: 2 });
    const seal = bucketLayout.segment(sessionId, 5);
    await bucket.overwrite(seal, (await bucket.read(bucketLayout.segment(sessionId, 6))).body);
    expect(named(await bucket.scrub())).toEqual([`corrupt ${seal}: log segment names another object`]);
  });
});

describe('what objects say of each other', () => {
  /** A segment of the log with other commits in it, whole by itself. */
  async function rewriteSegment(number: number, change: (commit: Commit) => Commit): Promise<string> {
    const name = { sessionId: bucket.died.session.id, number };
    const key = bucketLayout.segment(name.sessionId, number);
    const { frames } = decodeSegment(name, (await bucket.read(key)).body);
    const changed = frames.map((frame) => {
      const commits = decodeCommits(frame.payload).map(change);
      const [first, last] = [commits[0]?.version.sequence as number, commits.at(-1)?.version.sequence as number];
      return { ...frame, firstSequence: first, lastSequence: last, payload: encodeCommits(commits) };
    });
    await bucket.overwrite(key, encodeSegment(name, NONCE, changed));
    return key;
  }

  const later = ({ version, ...commit }: Commit): Commit => {
    const moved = { ...version, sequence: version.sequence + 5 };
    return { ...commit, version: moved, entries: commit.entries.map((entry) => ({ ...entry, version: moved })) };
  };

  it('a log whose commits do not go on from the head is found', async () => {
    await rewriteSegment(3, later);
    const report = await bucket.scrub();
    expect(report).toMatchObject({ missing: 0, corrupt: 1 });
    expect(named(report)[0]).toMatch(`corrupt ${bucketLayout.head(LEFT)}: tail goes on at 8 after 2`);
  });

  it('a frame that holds other commits than it says is found', async () => {
    const name = { sessionId: bucket.died.session.id, number: 2 };
    const key = bucketLayout.segment(name.sessionId, 2);
    const { frames } = decodeSegment(name, (await bucket.read(key)).body);
    await bucket.overwrite(
      key,
      encodeSegment(
        name,
        NONCE,
        frames.map((frame) => ({ ...frame, lastSequence: 3 })),
      ),
    );
    expect(named(await bucket.scrub())).toEqual([
      `corrupt ${key}: frame of segment 2 holds other commits than it says`,
    ]);
  });

  it('a frame that names a predecessor behind itself is found', async () => {
    const name = { sessionId: bucket.died.session.id, number: 2 };
    const key = bucketLayout.segment(name.sessionId, 2);
    const { frames } = decodeSegment(name, (await bucket.read(key)).body);
    await bucket.overwrite(
      key,
      encodeSegment(
        name,
        NONCE,
        frames.map((frame) => ({ ...frame, previousSegment: 3 })),
      ),
    );
    expect(named(await bucket.scrub())).toEqual([
      `corrupt ${key}: frame of segment 2 names a predecessor behind itself`,
    ]);
  });

  it('a record that was unsealed is found by the seals in its log', async () => {
    const { id: sessionId } = bucket.died.session;
    await rewriteRecord(sessionId, { state: 'live' });
    expect(named(await bucket.scrub())).toEqual([
      `corrupt ${bucketLayout.session(sessionId)}: is live, and seals are in its log`,
    ]);
  });

  it('a session that ended as clean and left commits behind is found', async () => {
    const { id: sessionId } = bucket.worker.session;
    await rewriteRecord(sessionId, { state: 'clean' });
    const report = await bucket.scrub();
    expect(report.findings.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      `corrupt ${bucketLayout.head(INLINE)}`,
      `corrupt ${bucketLayout.head(LOGGED)}`,
    ]);
  });

  it('a segment that is gone is missing where a later one proves that it was there', async () => {
    const { sessionId, floor } = await recordOf(bucket.worker.session.id);
    // Retained only because the session cannot fold: nothing it has written since is in a rollup.
    const name = { sessionId, number: floor };
    const { frames } = decodeSegment(name, (await bucket.read(bucketLayout.segment(sessionId, floor))).body);
    const far = { sessionId, number: floor + 64 };
    await bucket.memory.put(bucketLayout.segment(sessionId, far.number), encodeSegment(far, NONCE, frames), 'create');
    await bucket.memory.delete(bucketLayout.segment(sessionId, floor));
    const report = await bucket.scrub();
    expect(named(report)).toEqual([
      `missing ${bucketLayout.segment(sessionId, floor)}: segment ${far.number} was put after it was confirmed`,
    ]);
  });

  it('a database that only a log knows has lost its head, which is told once', async () => {
    await bucket.memory.delete(bucketLayout.head(LOGGED));
    expect(named(await bucket.scrub())).toHaveLength(1);
    await bucket.memory.delete(bucketLayout.head(LARGE));
    expect(await bucket.scrub()).toMatchObject({ missing: 2, corrupt: 0 });
  });

  it('a branch reads files of another folder, which a pin has to hold', async () => {
    const parent = decodeHead((await bucket.read(bucketLayout.head(LARGE))).body);
    const child = decodeHead((await bucket.read(bucketLayout.head(INLINE))).body);
    const l1 = parent.l1.map((ref) => ({ ...ref, folder: LARGE }));
    const { lastCommit, inlineFrom, horizon } = parent;
    const branch = encodeHead({ ...child, epoch: 9, inline: [], lastCommit, inlineFrom, horizon, l1 });
    await bucket.overwrite(bucketLayout.head(INLINE), branch);
    const unpinned = await bucket.scrub();
    expect(unpinned).toMatchObject({ missing: l1.length, corrupt: 0 });
    expect(named(unpinned)[0]).toMatch(/^missing db\/.*\/pins\/ of .*: .* reads it$/);
    const id = '7'.repeat(26) as Ulid;
    const files = l1.map((ref) => ref.id);
    const pin = { id, folder: LARGE, holder: INLINE, purpose: 'branch', sequence: 1, createdAt: 1, files } as const;
    await bucket.memory.put(`${bucketLayout.pins(LARGE)}${id}`, encodePin(pin, new Uint8Array(16)), 'create');
    expect(await bucket.scrub()).toMatchObject({ missing: 0, corrupt: 0 });
    await bucket.memory.delete(bucketLayout.sst(LARGE, l1[0]?.id as Ulid));
    expect(await bucket.scrub()).toMatchObject({ missing: 1, corrupt: 0 });
  });

  it('a quarantined database is told, and its log is nobody’s fault', async () => {
    const head = decodeHead((await bucket.read(bucketLayout.head(LEFT))).body);
    await bucket.overwrite(bucketLayout.head(LEFT), encodeHead({ ...head, quarantined: true }));
    await rewriteSegment(3, later);
    expect(await bucket.scrub()).toMatchObject({ missing: 0, corrupt: 0, quarantined: 1 });
  });
});
