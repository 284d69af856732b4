import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { quotaExceededBy } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';
import { catchError, type Observable, throwError } from 'rxjs';

/** A quota is enforced by Postgres, below every route that makes something: here its refusal is told, whichever route it was. */
@Injectable()
export class QuotaInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError((error: unknown) => throwError(() => told(error))));
  }
}

function told(error: unknown): unknown {
  const exceeded = quotaExceededBy(error);
  if (exceeded === undefined) return error;
  const { message, quota, limit } = exceeded;
  return new ProblemError('quota-exceeded', message, { cause: error, members: { quota, limit } });
}
