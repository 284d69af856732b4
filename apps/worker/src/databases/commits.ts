import { Inject, Injectable } from '@nestjs/common';
import { formatVersion, isLeaseholdError } from '@leasehold/foundation';
import type { IdempotencyKey, Transaction, TransactionOutcome } from '@leasehold/ownership';
import { PreconditionFailedError } from '@leasehold/ownership';
import type { ProblemError } from '@leasehold/protocol';
import { COST_HEADER, digestOfRequest, formatCost, parseIdempotencyKey, REPLAYED_HEADER } from '@leasehold/protocol';
import type { Logger } from '@leasehold/service-kit';
import { LOGGER, sendProblem } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { WorkerSession } from '../worker-session.js';
import { DatabaseWork } from './database-work.js';
import { bodyOf, hopOf } from './hop-guard.js';

/** How the outcome of one kind of request is told. */
export interface CommitForm {
  readonly body: (outcome: TransactionOutcome) => Readonly<Record<string, unknown>>;
  readonly headers?: (outcome: TransactionOutcome) => Readonly<Record<string, string>>;
  readonly failure: (error: PreconditionFailedError) => ProblemError;
}

/** Applies what a hop asks for, and answers what it came to. */
@Injectable()
export class Commits {
  constructor(
    @Inject(WorkerSession) private readonly worker: WorkerSession,
    @Inject(DatabaseWork) private readonly work: DatabaseWork,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * What was applied is durable in the bucket: no deadline stands between that and its sender. Anything else rests on the deadline (S1): it
   * is asked when the answer is ready, and nothing is awaited between it and the send.
   * @throws whatever is not an answer of the database: unavailable, unknown, misdirected …
   */
  async answer(asked: Transaction, form: CommitForm, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const tx = hopOf(request).isUnbilled ? { ...asked, isUnbilled: true } : asked;
    try {
      const outcome = await this.work.on(request, (access, identity, options) =>
        access.transact(identity, tx, options),
      );
      if (outcome.effect === 'nothing') this.worker.session.assertServing();
      const readUnits = outcome.effect === 'nothing' ? Math.max(1, tx.checks.length) : 0;
      reply
        .headers(form.headers?.(outcome) ?? {})
        .header(COST_HEADER, formatCost({ readUnits, writeUnits: outcome.writeUnits }))
        .header('cache-control', 'no-store');
      if (outcome.effect === 'repeated') reply.header(REPLAYED_HEADER, 'true');
      reply.send({ version: formatVersion(outcome.version), ...form.body(outcome) });
    } catch (error) {
      if (!isLeaseholdError(error, 'conflict')) throw error;
      this.worker.session.assertServing();
      const problem = error instanceof PreconditionFailedError ? form.failure(error) : error;
      sendProblem(problem, request, reply, this.logger);
    }
  }
}

/** Under the digest of what the hop says: the same request has the same digest, whoever sends it and however often. */
export function idempotencyKeyOf(request: FastifyRequest): IdempotencyKey | undefined {
  const { method, headers, originalUrl } = request;
  const key = parseIdempotencyKey(headers);
  if (key === undefined) return undefined;
  const resource = originalUrl.replace(/^\/internal\/v1\/databases\/[^/]*\//, '');
  const digest = digestOfRequest({ method, resource, headers, body: bodyOf(request) });
  return { key: Buffer.from(key, 'latin1'), digest };
}
