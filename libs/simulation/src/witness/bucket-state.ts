import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { EditTrail } from '@leasehold/object-store';

import { DatabaseTrace } from './database-trace.js';
import type { Report } from './findings.js';
import { SessionTrace } from './session-trace.js';

/** Everything that a witness knows of the bucket, by what has landed there. */
export class BucketState {
  readonly databases = new Map<DatabaseId, DatabaseTrace>();
  private readonly sessions = new Map<SessionId, SessionTrace>();
  /** Of every edit of every mutable object. */
  private readonly nonces = new Set<string>();

  session(id: SessionId): SessionTrace {
    let trace = this.sessions.get(id);
    if (trace === undefined) this.sessions.set(id, (trace = new SessionTrace(id)));
    return trace;
  }

  database(id: DatabaseId): DatabaseTrace {
    let trace = this.databases.get(id);
    if (trace === undefined) this.databases.set(id, (trace = new DatabaseTrace(id)));
    return trace;
  }

  /** P1: an edit stands on what it replaces, and draws a nonce that no edit of anything has ever had. */
  judgeTrail(base: EditTrail | undefined, next: EditTrail, report: Report): void {
    const before = base ?? { edits: 0, nonces: [] };
    const [nonce, ...earlier] = next.nonces;
    if (next.edits !== before.edits + 1) report('P1', `edit ${next.edits} replaces edit ${before.edits}`);
    else if (earlier.some((other, i) => other !== before.nonces[i]))
      report('P1', `edit ${next.edits} was not made of what it replaces`);
    if (nonce === undefined) return;
    if (this.nonces.has(nonce)) report('P1', `nonce of edit ${next.edits} was used before`);
    this.nonces.add(nonce);
  }
}
