import { describe, expect, it } from '@jest/globals';
import { HistoryGoneError } from '@leasehold/engine';
import { LeaseholdError, systemClock } from '@leasehold/foundation';
import { BackpressureError, DrainingError, FutureVersionError, MisdirectedError } from '@leasehold/ownership';
import { HOP_HEADERS } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { WorkerConfig } from '../config.js';
import { FairAdmission } from '../fairness/fair-admission.js';
import { REQUESTS } from '../fairness/fairness-settings.js';
import type { WorkerSession } from '../worker-session.js';
import { ChangesController } from './changes-controller.js';
import { DatabaseWork } from './database-work.js';
import { trustHop } from './hop-guard.js';

const DATABASE = '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d11';
const CONFIG = { OWNER_WAIT_MS: 1_000 } as WorkerConfig;

const expired = new LeaseholdError('unavailable', 'session-expired', 'the deadline has passed');
const misdirected = new MisdirectedError('01jd0000000000000000000001' as MisdirectedError['owner'], 'http://other');

/** A worker whose every read fails in one way. */
function workerThat(fails: Error, mayServe: boolean): WorkerSession {
  return {
    requests: new FairAdmission(systemClock, REQUESTS),
    access: { databases: { isOpen: () => true }, changes: async () => Promise.reject(fails) },
    session: {
      assertServing: () => {
        if (!mayServe) throw expired;
      },
    },
  } as unknown as WorkerSession;
}

function requestOf(resource: string): FastifyRequest {
  const headers = { [HOP_HEADERS.tenant]: 'tenant-a', [HOP_HEADERS.database]: 'orders' };
  const request = { method: 'GET', originalUrl: `/internal/v1/databases/${DATABASE}/${resource}`, headers };
  trustHop(request, DATABASE);
  return request as unknown as FastifyRequest;
}

function refusedRead(fails: Error, mayServe: boolean): Promise<unknown> {
  const work = new DatabaseWork(workerThat(fails, mayServe), CONFIG);
  return work.on(requestOf('keys'), async () => Promise.reject(fails));
}

function refusedPart(fails: Error, mayServe: boolean): Promise<unknown> {
  const reply = { raw: { once: () => undefined } } as unknown as FastifyReply;
  return new ChangesController(workerThat(fails, mayServe), CONFIG).changes(requestOf('changes?since=7'), reply);
}

describe.each([
  ['a read', refusedRead],
  ['a part of a feed', refusedPart],
])('a refusal of %s', (_, refused) => {
  const ofState: readonly [string, Error][] = [
    ['invalid-version', new FutureVersionError(7)],
    ['history-gone', new HistoryGoneError(7, 9)],
    ['answer-too-large', new LeaseholdError('invalid', 'answer-too-large', 'too many bytes')],
    ['misdirected', misdirected],
  ];

  it.each(ofState)('that depends on the state is sent under the deadline alone: %s', async (code, error) => {
    await expect(refused(error, true)).rejects.toMatchObject({ code });
    await expect(refused(error, false)).rejects.toBe(expired);
  });

  const ofNoState: readonly [string, Error][] = [
    ['overloaded', new BackpressureError('requests')],
    ['service-draining', new DrainingError()],
  ];

  it.each(ofNoState)('that says nothing of the state needs no deadline: %s', async (_code, error) => {
    await expect(refused(error, false)).rejects.toBe(error);
  });
});
