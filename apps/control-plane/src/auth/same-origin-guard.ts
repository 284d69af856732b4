import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { CONFIG, type ControlPlaneConfig } from '../config.js';
import { isAllowedOrigin } from './same-origin.js';

/** Keeps other sites from acting with a visitor's cookie, and from logging them in to a foreign account. */
@Injectable()
export class SameOriginGuard implements CanActivate {
  constructor(@Inject(CONFIG) private readonly config: ControlPlaneConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const { method, headers } = context.switchToHttp().getRequest<FastifyRequest>();
    const authorized = headers.authorization !== undefined;
    const request = { method, origin: headers.origin, host: headers.host, authorized };
    if (isAllowedOrigin(request, this.config.PUBLIC_URL)) return true;
    throw new ProblemError('forbidden', 'requests of other origins are refused');
  }
}
