import type { SessionId } from '@leasehold/foundation';
import type { ObservedSession, SessionListener, SessionRecord, SessionStatus } from '@leasehold/lease';

import type { Sessions } from '../forwarding/worker-fleet.js';

/** Session records that a test writes by hand: `hidden` ones are in the bucket, but not in the last listing. */
export class FakeSessions implements Sessions {
  readonly lookedUp: SessionId[] = [];
  private readonly records = new Map<SessionId, SessionRecord>();
  private readonly hidden = new Map<SessionId, SessionRecord>();
  private readonly listeners = new Set<SessionListener>();

  add(id: SessionId, endpoint: string, { hidden = false } = {}): void {
    const record: SessionRecord = {
      sessionId: id,
      endpoint,
      pid: 1,
      host: 'test',
      ttlMs: 5_000,
      state: 'live',
      floor: 1,
      rollups: [],
      trail: { edits: 1, nonces: [] },
    };
    (hidden ? this.hidden : this.records).set(id, record);
  }

  end(id: SessionId, status: Exclude<SessionStatus, 'live'> = 'clean'): void {
    this.records.delete(id);
    for (const listener of this.listeners) listener(id, status);
  }

  live(): readonly SessionRecord[] {
    return [...this.records.values()];
  }

  async refresh(id: SessionId): Promise<ObservedSession | undefined> {
    this.lookedUp.push(id);
    const record = this.hidden.get(id);
    if (!record) return undefined;
    this.records.set(id, record);
    return { record, etag: 'e', unchangedSinceMs: 0, status: 'live' };
  }

  onChange(listener: SessionListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
