import { describe, expect, it } from '@jest/globals';
import type { Clock } from '@leasehold/foundation';
import type { DraftTerms, InvoiceDraft } from '@leasehold/metadata';

import { InvoiceDrafts } from './invoice-drafts.js';

const MONTH = new Date(Date.UTC(2026, 10));

function clockOf(now: () => number): Clock {
  return {
    ...{ now, monotonic: now },
    ...{ sleep: () => Promise.resolve(), schedule: () => ({ cancel: () => undefined }) },
  };
}

/** Drafts that are there when they are told to be. */
function setUp() {
  const asked: string[] = [];
  const ends: ((draft?: InvoiceDraft) => void)[] = [];
  const fails: ((error: Error) => void)[] = [];
  const drafts = new InvoiceDrafts({
    draft: (organizationId) => {
      asked.push(organizationId);
      return new Promise((resolve, reject) => {
        ends.push(resolve);
        fails.push(reject);
      });
    },
  });
  return { asked, ends, fails, drafts };
}

describe('drafts of invoices', () => {
  it('are computed once for all who ask meanwhile, and anew for who asks later', async () => {
    const { asked, ends, drafts } = setUp();
    const answers = [drafts.of('a', MONTH), drafts.of('a', MONTH)];
    await Promise.resolve();
    expect(asked).toEqual(['a']);
    const draft = { organizationId: 'a' } as InvoiceDraft;
    ends[0]?.(draft);
    expect(await Promise.all(answers)).toEqual([draft, draft]);
    const later = drafts.of('a', MONTH);
    await Promise.resolve();
    expect(asked).toEqual(['a', 'a']);
    ends[1]?.();
    expect(await later).toBeUndefined();
  });

  it('are computed three at once, of one organization or of several', async () => {
    const { asked, ends, drafts } = setUp();
    const answers = ['a', 'b', 'c', 'd'].map((name) => drafts.of(name, MONTH));
    await Promise.resolve();
    expect(asked).toEqual(['a', 'b', 'c']);
    ends[1]?.();
    await answers[1];
    expect(asked).toEqual(['a', 'b', 'c', 'd']);
    for (const end of ends) end();
    await Promise.all(answers);
  });

  it('fail for who waits for them, and are tried again by who asks later', async () => {
    const { asked, ends, fails, drafts } = setUp();
    const answers = [drafts.of('a', MONTH), drafts.of('a', MONTH)];
    await Promise.resolve();
    fails[0]?.(new Error('Postgres is down'));
    expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const later = drafts.of('a', MONTH);
    await Promise.resolve();
    expect(asked).toEqual(['a', 'a']);
    ends[1]?.();
    await later;
  });

  it('serve for a while where they took long, with evidence and without', async () => {
    let [now, tookMs] = [0, 3_000];
    const clock = clockOf(() => now);
    const asked: [string, boolean | undefined][] = [];
    const invoices = {
      draft: async (organizationId: string, _: number, terms?: DraftTerms) => {
        asked.push([organizationId, terms?.withEvidence]);
        now += tookMs;
        return { organizationId } as InvoiceDraft;
      },
    };
    const drafts = new InvoiceDrafts(invoices, clock);
    const first = await drafts.of('a', MONTH);
    now += 59_999;
    expect(await drafts.of('a', MONTH)).toBe(first);
    expect(await drafts.of('b', MONTH)).toEqual({ organizationId: 'b' });
    await drafts.of('a', MONTH, true);
    expect(await drafts.of('a', MONTH)).not.toBe(first);
    tookMs = 2_999;
    for (const name of ['c', 'c']) await drafts.of(name, MONTH);
    expect(asked).toEqual([
      ...[
        ['a', false],
        ['b', false],
        ['a', true],
        ['a', false],
      ],
      ...[
        ['c', false],
        ['c', false],
      ],
    ]);
  });

  it('are forgotten where others came, the oldest first', async () => {
    let now = 0;
    const asked: string[] = [];
    const draft = async (organizationId: string) => {
      asked.push(organizationId);
      now += 3_000;
      return { organizationId } as InvoiceDraft;
    };
    const drafts = new InvoiceDrafts(
      { draft },
      clockOf(() => now),
    );
    for (const name of ['a', 'b', 'c', 'd', 'e', 'b', 'a']) await drafts.of(name, MONTH);
    expect(asked).toEqual(['a', 'b', 'c', 'd', 'e', 'a']);
  });
});
