import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { runKeyed, Metadata, type Claim, type KeyedRequest, type KeyUse } from '@leasehold/metadata';
import { digestOfRequest, parseIdempotencyKey, ProblemError, REPLAYED_HEADER } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';

import { callerOf, personOf } from '../auth/caller.js';
import { answerToKeep } from './kept-answer.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const RETRY_AFTER_MS = 1_000;

/**
 * `Idempotency-Key` on every route that changes something and knows its caller: docs/control-api.md. The innermost interceptor, so that what the
 * others make of an error is made of ours too.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly metadata: Metadata) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const key = SAFE_METHODS.has(request.method) ? undefined : parseIdempotencyKey(request.headers);
    if (key === undefined) return next.handle();
    return from(this.once(useOf(request, key), next, http.getResponse<FastifyReply>()));
  }

  private async once(use: KeyUse, next: CallHandler, reply: FastifyReply): Promise<unknown> {
    const claim = await this.metadata.idempotencyKeys.claim(use);
    if (claim.kind === 'claimed') return this.work(claim.request, next, reply);
    if (claim.kind !== 'answered') throw refusal(claim);
    const { status, headers, body } = claim.answer;
    void reply.status(status).headers({ ...headers, [REPLAYED_HEADER]: 'true' });
    return body;
  }

  private async work(request: KeyedRequest, next: CallHandler, reply: FastifyReply): Promise<unknown> {
    const { idempotencyKeys } = this.metadata;
    let body: unknown;
    try {
      body = await runKeyed(request, () => lastValueFrom(next.handle(), { defaultValue: undefined }));
    } catch (error) {
      // Failing, it is released by time: whoever repeats the request takes it over.
      await idempotencyKeys.release(request).catch(() => undefined);
      throw error;
    }
    // Failing, the change is made all the same, and a repetition is told so.
    await idempotencyKeys.answer(request, answerToKeep(reply, body)).catch(() => undefined);
    return body;
  }
}

/** @throws ProblemError unsupported-header where nobody is known whose key it would be */
function useOf(request: FastifyRequest, key: string): KeyUse {
  const { method, url, headers } = request;
  const caller = callerOf(request);
  const userId = caller?.kind === 'session' ? caller.userId : personOf(request)?.userId;
  const principal = caller?.kind === 'key' ? `key:${caller.keyId}` : userId && `user:${userId}`;
  if (principal === undefined) {
    throw new ProblemError('unsupported-header', 'this route takes no Idempotency-Key: it does not know its callers');
  }
  const body = request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
  const digest = digestOfRequest({ method, resource: url, headers, body });
  return { organizationId: caller?.organization.id ?? '', principal, key, digest };
}

function refusal({ kind }: Exclude<Claim, { kind: 'claimed' | 'answered' }>): ProblemError {
  switch (kind) {
    case 'reused':
      return new ProblemError('idempotency-key-reused', 'the Idempotency-Key was used for another request');
    case 'exhausted':
      return new ProblemError('idempotency-keys-exhausted', 'too many Idempotency-Keys of this caller in 24 hours');
    case 'running':
      return new ProblemError('conflict', 'the request with this Idempotency-Key is being worked on', {
        retryAfterMs: RETRY_AFTER_MS,
      });
    case 'answer-lost':
      return new ProblemError('conflict', 'the request with this Idempotency-Key was applied; its answer is lost', {
        members: { applied: true },
      });
  }
}
