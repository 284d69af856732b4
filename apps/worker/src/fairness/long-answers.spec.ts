import { EventEmitter } from 'node:events';

import { describe, expect, it } from '@jest/globals';
import type { DatabaseIdentity } from '@leasehold/engine';
import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { systemClock } from '@leasehold/foundation';

import { AnswerRoom } from './answer-room.js';
import { FairAdmission } from './fair-admission.js';
import { SLICES } from './fairness-settings.js';
import { LongAnswers } from './long-answers.js';

const NEVER = new AbortController().signal;
const OVERLOADED = { code: 'overloaded', kind: 'unavailable', retryAfterMs: 500 };

class Response extends EventEmitter {
  closed = false;

  close(): void {
    this.closed = true;
    this.emit('close');
  }
}

function database(tenant: string): DatabaseIdentity {
  return { tenantId: tenant as TenantId, databaseId: `${tenant}/only` as DatabaseId, name: 'only' };
}

function world() {
  const room = new AnswerRoom({ maxBytes: 3_000, maxBytesOfTenant: 2_000 });
  const answers = new LongAnswers(new FairAdmission(systemClock, SLICES), room);
  const make = (tenant: string, sourceBytes: number, texts: Iterable<string>, response = new Response()) =>
    answers.make(database(tenant), NEVER, response, { parts: texts[Symbol.iterator](), sourceBytes });
  return { room, make };
}

describe('a long answer', () => {
  it('holds room for what it is made of and for its text, until it was taken', async () => {
    const { room, make } = world();
    const response = new Response();
    const made = await make('a', 500, ['x'.repeat(400), 'é'.repeat(50)], response);
    expect([made.byteLength, room.bytes]).toEqual([500, 1_000]);
    response.close();
    expect(room.bytes).toBe(0);
  });

  it('is refused beyond the room of its tenant before any text is made, and others are not', async () => {
    const { room, make } = world();
    const first = new Response();
    await make('a', 1_900, ['x'], first);
    let made = 0;
    const texts = function* (): Generator<string> {
      made++;
      yield 'x';
    };
    await expect(make('a', 100, texts())).rejects.toMatchObject(OVERLOADED);
    expect(made).toBe(0);
    await make('b', 1_000, ['x']);
    await expect(make('c', 200, ['x'])).rejects.toMatchObject(OVERLOADED);
    first.close();
    expect(room.bytes).toBe(1_001);
    await make('a', 1_900, ['x']);
  });

  it('is refused when its text turns out to be longer than there is room for, and leaves none taken', async () => {
    const { room, make } = world();
    await expect(make('a', 100, ['x'.repeat(2_000)])).rejects.toMatchObject(OVERLOADED);
    expect(room.bytes).toBe(0);
  });

  it('leaves no room taken when it cannot be shown, or when its reader has gone', async () => {
    const { room, make } = world();
    const failing = (function* (): Generator<string> {
      yield 'x';
      throw new Error('cannot be shown');
    })();
    await expect(make('a', 100, failing)).rejects.toThrow('cannot be shown');
    const gone = new Response();
    gone.close();
    await make('a', 100, ['x'], gone);
    expect(room.bytes).toBe(0);
  });
});
