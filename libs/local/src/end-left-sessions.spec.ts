import { describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { Session, SessionWatch } from '@leasehold/lease';
import { MemoryStore } from '@leasehold/object-store';
import { VirtualClock } from '@leasehold/object-store-testing';

import { endLeftSessions } from './end-left-sessions.js';

async function world() {
  const clock = new VirtualClock();
  const ctx = { store: new MemoryStore(clock), clock, random: seededRandom(1) };
  const start = () => Session.start(ctx, { endpoint: 'http://127.0.0.1:1', pid: 1, host: 'here', ttlMs: 5_000 });
  const [killed, drained] = [await start(), await start()];
  killed.stop();
  await drained.sealClean();
  const watch = new SessionWatch(ctx);
  return { ctx, killed, drained, watch };
}

describe('sessions that a killed process has left', () => {
  it('are ended without any wait, and those that have drained stay clean', async () => {
    const { ctx, killed, drained, watch } = await world();
    await endLeftSessions(ctx);
    await watch.start();
    expect([watch.status(killed.id), watch.status(drained.id)]).toEqual(['sealed', 'clean']);
    watch.stop();
  });

  it('are ended beside one whose record nobody can read', async () => {
    const { ctx, killed, drained, watch } = await world();
    const record = await ctx.store.get(bucketLayout.session(drained.id));
    if (record === undefined || record === 'not-modified') throw new Error('the record is there');
    await ctx.store.put(bucketLayout.session(drained.id), utf8('not a record'), { match: record.etag });
    await endLeftSessions(ctx);
    await watch.start();
    expect(watch.status(killed.id)).toBe('sealed');
    watch.stop();
  });
});
