import { Inject, Injectable } from '@nestjs/common';
import type { DatabaseIdentity } from '@leasehold/engine';
import { systemClock } from '@leasehold/foundation';
import type { AccessOptions, DatabaseAccess } from '@leasehold/ownership';
import { traceparentFrom } from '@leasehold/protocol';
import { phasesOf } from '@leasehold/service-kit';
import type { FastifyRequest } from 'fastify';

import type { WorkerConfig } from '../config.js';
import { Deadline } from '../deadline.js';
import { OPENING_UNITS, unitsOf } from '../fairness/work-cost.js';
import { WORKER_CONFIG } from '../tokens.js';
import { WorkerSession } from '../worker-session.js';
import { hopOf } from './hop-guard.js';
import { servedRefusal } from './worker-problem.js';

/** One piece of work on a database. */
export type Work<T> = (access: DatabaseAccess, identity: DatabaseIdentity, options: AccessOptions) => Promise<T>;

/** The way of every hop into a database: in its turn among the tenants, bounded in time, on the database that the hop names. */
@Injectable()
export class DatabaseWork {
  constructor(
    @Inject(WorkerSession) private readonly worker: WorkerSession,
    @Inject(WORKER_CONFIG) private readonly config: WorkerConfig,
  ) {}

  /** @throws whatever the work does; ProblemError misdirected, which names the owner; that the session may not serve, in place of what depends on it (S1) */
  async on<T>(request: FastifyRequest, work: Work<T>, units = unitsOf(request)): Promise<T> {
    const { identity, waitForOwner, waitMs } = hopOf(request);
    // A refusal that says "nothing was applied" must reach the gateway while it still listens.
    const deadline = new Deadline(systemClock, Math.min(this.config.OWNER_WAIT_MS, waitMs ?? Infinity));
    try {
      const phases = phasesOf(request);
      const options: AccessOptions = {
        waitForOwner,
        get signal() {
          return deadline.signal;
        },
        phases,
        traceparent: traceparentFrom(request.headers.traceparent),
      };
      const { access, requests } = this.worker;
      const openingUnits = access.databases.isOpen(identity.databaseId) ? 0 : OPENING_UNITS;
      phases?.enter('queue');
      return await requests.run(identity, units + openingUnits, deadline, () => {
        phases?.enter('other');
        return work(access, identity, options);
      });
    } catch (error) {
      throw servedRefusal(error, this.worker);
    } finally {
      deadline.done();
    }
  }
}
