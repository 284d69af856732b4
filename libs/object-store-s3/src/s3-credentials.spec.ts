import { describe, expect, it } from '@jest/globals';

import { RENEW_BEFORE_MS, S3CredentialCache } from './s3-credentials.js';
import type { S3Credentials } from './s3-credentials.js';

const HOUR_MS = 3_600_000;

/** A source whose answers the test decides, on a clock that it moves. */
function source() {
  const asked: { resolve: (credentials: S3Credentials) => void; reject: (error: Error) => void }[] = [];
  const state = { nowMs: 0 };
  const cache = new S3CredentialCache(
    () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
    () => state.nowMs,
  );
  const give = async (name: string, expiresAt?: number) => {
    asked.at(-1)?.resolve({
      accessKeyId: name,
      secretAccessKey: 's',
      ...(expiresAt !== undefined && { expiration: new Date(expiresAt) }),
    });
    await new Promise(setImmediate);
  };
  return { cache, asked, state, give };
}

describe('keys of a role', () => {
  it('are asked for once, however many calls wait for them', async () => {
    const { cache, asked, state, give } = source();
    const calls = [cache.current(), cache.current()];
    await give('first');
    expect((await Promise.all(calls)).map(({ accessKeyId }) => accessKeyId)).toEqual(['first', 'first']);
    state.nowMs = 1_000 * HOUR_MS;
    expect(await cache.current()).toMatchObject({ accessKeyId: 'first' });
    expect(asked).toHaveLength(1);
  });

  it('are renewed before they expire, and no call waits for that', async () => {
    const { cache, asked, state, give } = source();
    const first = cache.current();
    await give('first', HOUR_MS);
    await first;
    state.nowMs = HOUR_MS - RENEW_BEFORE_MS - 1;
    await cache.current();
    expect(asked).toHaveLength(1);
    state.nowMs += 1;
    expect(await cache.current()).toMatchObject({ accessKeyId: 'first' });
    expect(asked).toHaveLength(2);
    await give('second', 2 * HOUR_MS);
    expect(await cache.current()).toMatchObject({ accessKeyId: 'second' });
  });

  it('serve until they expire though their source fails, which is asked again with pauses', async () => {
    const { cache, asked, state, give } = source();
    const first = cache.current();
    await give('first', HOUR_MS);
    await first;
    state.nowMs = HOUR_MS - 2_000;
    for (let i = 0; i < 5; i++) {
      expect(await cache.current()).toMatchObject({ accessKeyId: 'first' });
      asked.at(-1)?.reject(new Error('no answer'));
      await new Promise(setImmediate);
    }
    expect(asked).toHaveLength(2);
    state.nowMs += 1_000;
    expect(await cache.current()).toMatchObject({ accessKeyId: 'first' });
    expect(asked).toHaveLength(3);
    asked.at(-1)?.reject(new Error('no answer'));
    await new Promise(setImmediate);
    state.nowMs = HOUR_MS;
    const late = cache.current();
    asked.at(-1)?.reject(new Error('no answer'));
    await expect(late).rejects.toThrow('no answer');
    const again = cache.current();
    await give('second');
    expect(await again).toMatchObject({ accessKeyId: 'second' });
  });
});
