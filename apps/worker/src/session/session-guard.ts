import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import type { WorkerConfig } from '../config.js';
import { anotherSession, checkSignature } from '../databases/hop-guard.js';
import { WORKER_CONFIG } from '../tokens.js';
import { WorkerSession } from '../worker-session.js';

/** Lets the control plane in, by a secret that opens nothing but these routes, and only where it means this session. */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    @Inject(WORKER_CONFIG) private readonly config: WorkerConfig,
    @Inject(WorkerSession) private readonly worker: WorkerSession,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const secret = this.config.LEASEHOLD_OPERATOR_SECRET;
    if (secret === undefined) throw new ProblemError('forbidden', 'this worker has no LEASEHOLD_OPERATOR_SECRET');
    checkSignature(request, secret);
    if (!this.worker.isMeantBy(request.headers)) throw anotherSession();
    return true;
  }
}
