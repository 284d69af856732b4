import { EventEmitter } from 'node:events';

import { describe, expect, it } from '@jest/globals';
import type { Commit } from '@leasehold/engine';
import { commitOf, putEntry } from '@leasehold/engine';
import { systemClock, utf8 } from '@leasehold/foundation';
import type { Changes, ChangesRequest } from '@leasehold/ownership';
import { HOP_HEADERS } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { WorkerConfig } from '../config.js';
import { AnswerRoom } from '../fairness/answer-room.js';
import { FairAdmission } from '../fairness/fair-admission.js';
import { REQUESTS, SLICES } from '../fairness/fairness-settings.js';
import { LongAnswers } from '../fairness/long-answers.js';
import type { WorkerSession } from '../worker-session.js';
import { ChangesController } from './changes-controller.js';
import { trustHop } from './hop-guard.js';

const DATABASE = '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11';
const VALUE_BYTES = 1_000;

class Reply {
  readonly raw = Object.assign(new EventEmitter(), { closed: false });
  sent = '';

  header(): this {
    return this;
  }

  send(body: Buffer): void {
    this.sent = body.toString();
  }
}

/** A feed that has one commit, behind or when it is waited for. */
function world(maxBytesOfTenant: number, comes: 'behind' | 'waited for') {
  const requests = new FairAdmission(systemClock, REQUESTS);
  const room = new AnswerRoom({ maxBytes: 2 * maxBytesOfTenant, maxBytesOfTenant });
  const version = { epoch: 1, sequence: 1 };
  const unitsWhenMade: number[] = [];
  const value = new Uint8Array(VALUE_BYTES).fill(0x78);
  const commit: Commit = {
    ...commitOf(version, []),
    get entries() {
      unitsWhenMade.push(requests.units);
      return [putEntry(utf8('k'), version, value)];
    },
  };
  const changes = async (_identity: unknown, { since, waitMs }: ChangesRequest): Promise<Changes> => {
    const isThere = comes === 'behind' || waitMs !== undefined;
    return isThere
      ? { commits: [commit], through: 1, position: version }
      : { commits: [], through: since, position: undefined };
  };
  const worker = {
    requests,
    answers: new LongAnswers(new FairAdmission(systemClock, SLICES), room),
    access: { changes },
    session: { assertServing: () => undefined },
  } as unknown as WorkerSession;
  const controller = new ChangesController(worker, { OWNER_WAIT_MS: 1_000 } as WorkerConfig);
  const ask = async (): Promise<Reply> => {
    const headers = { [HOP_HEADERS.tenant]: 'tenant-a', [HOP_HEADERS.database]: 'orders' };
    const originalUrl = `/internal/v1/databases/${DATABASE}/changes?since=0&waitMs=500`;
    const request = { method: 'GET', originalUrl, headers };
    trustHop(request, DATABASE);
    const reply = new Reply();
    await controller.changes(request as unknown as FastifyRequest, reply as unknown as FastifyReply);
    return reply;
  };
  return { ask, room, unitsWhenMade };
}

describe.each(['behind', 'waited for'] as const)('a part whose commits were %s', (comes) => {
  it('is made in its turn among the tenants', async () => {
    const { ask, unitsWhenMade } = world(100_000, comes);
    const { sent } = await ask();
    expect(sent).toContain('x'.repeat(VALUE_BYTES));
    expect(unitsWhenMade.length).toBeGreaterThan(0);
    expect(unitsWhenMade.every((units) => units > 0)).toBe(true);
  });

  it('holds room for its bytes until it was taken, and is refused where there is none', async () => {
    const { ask, room } = world(3 * VALUE_BYTES, comes);
    const { raw } = await ask();
    expect(room.bytes).toBeGreaterThan(2 * VALUE_BYTES);
    await expect(ask()).rejects.toMatchObject({ code: 'overloaded' });
    raw.emit('close');
    expect(room.bytes).toBe(0);
    await ask();
  });
});
