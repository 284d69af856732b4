import { beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom, UlidSource, type TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { mintApiKey } from './api-key.js';
import { Directory } from './directory.js';
import { isSuspended, type Revocations } from './revocations.js';
import { FakeSource } from './testing/fake-source.js';

const ACME = 'acme' as TenantId;
const OTHER = 'other' as TenantId;

/** What was told past the store. */
class FakeRevocations implements Revocations {
  number = 0;
  readonly suspended = new Set<TenantId>();
  readonly keys = new Set<string>();

  suspends(id: TenantId): boolean {
    return this.suspended.has(id);
  }

  isRevoked(id: string): boolean {
    return this.keys.has(id);
  }

  isProviderRemoved(): boolean {
    return false;
  }
}

describe('suspended tenants', () => {
  let clock: FakeClock;
  let source: FakeSource;
  let revocations: FakeRevocations;
  let directory: Directory;
  let acme: { id: string; key: string };
  let other: { id: string; key: string };

  beforeEach(async () => {
    clock = new FakeClock();
    source = new FakeSource(clock);
    revocations = new FakeRevocations();
    directory = new Directory(source, { clock, revocations });
    [acme, other] = [createKey(ACME, 1), createKey(OTHER, 2)];
    await clock.settle(directory.start());
    expect([await code(acme.key), await code(other.key)]).toEqual(['ok', 'ok']);
    expect([knows(acme.key), knows(other.key)]).toEqual([true, true]);
  });

  function createKey(tenantId: TenantId, seed: number) {
    const { id, key, secretHash } = mintApiKey(new UlidSource(clock, seededRandom(seed)), seededRandom(seed));
    source.putKey({ id, tenantId, secretHash, scopes: new Set(['data:read']), expiresAt: undefined, revoked: false });
    return { id, key };
  }

  const code = (key: string): Promise<string> =>
    clock.settle(
      directory.authenticate(key).then(
        () => 'ok',
        (error: { code?: string }) => String(error.code),
      ),
    );
  const knows = (key: string) => directory.knownPrincipal(key) !== undefined;

  it('are refused within two seconds of the commit, and taken again after it', async () => {
    source.suspensions.set(ACME, { number: undefined });
    source.feed.push({ kind: 'tenant', id: ACME });
    await clock.advance(2_000);
    expect([await code(acme.key), knows(acme.key), await code(other.key)]).toEqual(['tenant-suspended', false, 'ok']);
    source.suspensions.delete(ACME);
    source.feed.push({ kind: 'tenant', id: ACME });
    await clock.advance(2_000);
    expect([await code(acme.key), knows(acme.key)]).toEqual(['ok', true]);
  });

  it('are refused without the store, as soon as it is told past it', async () => {
    source.down = true;
    revocations.suspended.add(ACME);
    revocations.number = 1;
    expect([knows(acme.key), knows(other.key)]).toEqual([false, true]);
    expect([await code(acme.key), await code(other.key)]).toEqual(['tenant-suspended', 'ok']);
  });

  it('are resumed without the store, although it is remembered to have said otherwise', async () => {
    source.suspensions.set(ACME, { number: 1 });
    source.feed.push({ kind: 'tenant', id: ACME });
    await clock.advance(2_000);
    expect(await code(acme.key)).toBe('tenant-suspended');
    source.down = true;
    revocations.number = 2;
    expect([await code(acme.key), knows(acme.key)]).toEqual(['ok', true]);
  });

  it('have no keys to be told apart: a wrong secret is refused as such', async () => {
    revocations.suspended.add(ACME);
    const wrong = createKey(ACME, 3).key;
    source.keys.clear();
    await clock.advance(2_000);
    expect(await code(wrong)).toBe('invalid-api-key');
  });

  it('lose single keys without the store', async () => {
    source.down = true;
    revocations.keys.add(acme.id);
    expect(knows(acme.key)).toBe(false);
    expect([await code(acme.key), await code(other.key)]).toEqual(['invalid-api-key', 'ok']);
  });

  it.each([
    ['neither', undefined, undefined, false],
    ['Postgres alone, without a log', { number: undefined }, undefined, true],
    ['Postgres alone, whatever the log', { number: undefined }, { number: 9, suspends: false }, true],
    ['Postgres, from a state that is not read yet', { number: 3 }, { number: 2, suspends: false }, true],
    ['Postgres, from a state that a later one took back', { number: 3 }, { number: 4, suspends: false }, false],
    ['Postgres, of the state that is read', { number: 3 }, { number: 3, suspends: true }, true],
    ['the log alone', undefined, { number: 3, suspends: true }, true],
  ])('are said so by %s', (_who, suspension, log, expected) => {
    const revocations = log && { number: log.number, suspends: () => log.suspends };
    expect(isSuspended(ACME, suspension, revocations)).toBe(expected);
  });
});
