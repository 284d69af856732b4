import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { actAs } from '@leasehold/metadata';
import type { FastifyRequest } from 'fastify';
import { Observable } from 'rxjs';

import { authorOf } from './author-of.js';

/** Every change that a route makes is put down to its caller: no route has to remember. The outermost interceptor, so that nothing is outside. */
@Injectable()
export class AuthorInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const author = authorOf(context.switchToHttp().getRequest<FastifyRequest>());
    return new Observable((subscriber) => actAs(author, () => next.handle().subscribe(subscriber)));
  }
}
