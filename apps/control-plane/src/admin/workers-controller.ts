import { Controller, Get, Inject, Optional } from '@nestjs/common';
import { isSessionId, toBase64Url, utf8 } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import { Access, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { PageQuery, type Page } from '../requests/page.js';
import type { OperatorsBucket } from './operators-bucket.js';
import { listWorkers } from './worker-list.js';

/** Injection token of {@link OperatorsBucket}; null where there is none. */
export const OPERATORS_BUCKET = Symbol('the bucket of the data plane');
/** Each is a GET. */
const MAX_WORKERS = 100;

/** The workers' sessions, as the bucket tells of them. For operators of the service alone. */
@Controller('v1/admin/workers')
export class WorkersController {
  constructor(@Optional() @Inject(OPERATORS_BUCKET) private readonly bucket: OperatorsBucket | null) {}

  /** Oldest first, 100 at most; those that have ended too, until they are purged. */
  @Get()
  @Access(SESSION_ONLY)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { after, limit }: Page): Promise<object> {
    requireOperator(caller);
    if (!this.bucket) throw new ProblemError('unavailable', 'this control plane is told of no bucket: S3_BUCKET');
    const { store, clock } = this.bucket;
    if (after !== undefined && !isSessionId(after)) throw new ProblemError('invalid-cursor', 'the cursor is damaged');
    const { workers, next } = await listWorkers(store, clock.now(), after, Math.min(limit, MAX_WORKERS));
    return { workers, cursor: next === undefined ? null : toBase64Url(utf8(next)) };
  }
}
