import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { translateOutage } from '@leasehold/metadata';
import type { FastifyRequest } from 'fastify';
import { catchError, type Observable, throwError } from 'rxjs';

const SAFE_METHODS = new Set(['GET', 'HEAD']);

/** An outage of Postgres is a 503, not a bug: `outcome-unknown` when a change may have been made. */
@Injectable()
export class OutageInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method } = context.switchToHttp().getRequest<FastifyRequest>();
    const mutates = !SAFE_METHODS.has(method);
    return next.handle().pipe(catchError((error: unknown) => throwError(() => translateOutage(error, mutates))));
  }
}
