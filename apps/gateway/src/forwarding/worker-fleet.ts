import type { SessionId } from '@leasehold/foundation';
import { isLeaseholdError, parseUrl } from '@leasehold/foundation';
import type { ObservedSession, SessionListener, SessionRecord, SessionStatus } from '@leasehold/lease';

import { WorkerConnection } from './worker-connection.js';

/** What the fleet needs of the lease library's SessionWatch. */
export interface Sessions {
  live(): readonly SessionRecord[];
  refresh(id: SessionId): Promise<ObservedSession | undefined>;
  onChange(listener: SessionListener): () => void;
}

/**
 * The workers that may be asked. The only addresses that a gateway ever connects to are those in session records of the
 * bucket: what an answer claims about addresses is not believed.
 */
export class WorkerFleet {
  private readonly connections = new Map<SessionId, WorkerConnection>();
  private readonly stopListening: () => void;

  /** @param secret of the installation, for connections that requests share; without, there are none */
  constructor(
    private readonly sessions: Sessions,
    private readonly secret?: string,
  ) {
    this.stopListening = sessions.onChange((id, status) => {
      if (status !== 'live') this.drop(id, status);
    });
  }

  live(): readonly SessionId[] {
    return this.sessions.live().map(({ sessionId }) => sessionId);
  }

  /** Sessions behind an open breaker. */
  unreachable(nowMs: number): ReadonlySet<SessionId> {
    const ids = new Set<SessionId>();
    for (const [id, { breaker }] of this.connections) if (breaker.isOpen(nowMs)) ids.add(id);
    return ids;
  }

  /** Reads the session's record, so that {@link live} knows it if it lives. A store that does not answer changes nothing. */
  async lookUp(id: SessionId): Promise<void> {
    try {
      await this.sessions.refresh(id);
    } catch (error) {
      if (!isLeaseholdError(error)) throw error;
    }
  }

  /** Undefined when the session is not live, or its record holds no address. */
  connection(id: SessionId): WorkerConnection | undefined {
    const existing = this.connections.get(id);
    if (existing) return existing;
    const endpoint = this.sessions.live().find(({ sessionId }) => sessionId === id)?.endpoint;
    if (endpoint === undefined || !/^https?:\/\//.test(endpoint) || parseUrl(endpoint) === undefined) return undefined;
    const connection = new WorkerConnection(id, endpoint, this.secret);
    this.connections.set(id, connection);
    return connection;
  }

  /** Of a live session that has been asked before. */
  known(id: SessionId): WorkerConnection | undefined {
    return this.connections.get(id);
  }

  async close(): Promise<void> {
    this.stopListening();
    await Promise.all([...this.connections.values()].map((connection) => connection.destroy()));
    this.connections.clear();
  }

  /**
   * A worker that has drained still answers what it accepted. Any other that is not live has been sealed or is about to be,
   * and may be stopped for ever: what it was asked is lost now, so that nobody waits for it.
   */
  private drop(id: SessionId, status: Exclude<SessionStatus, 'live'>): void {
    const connection = this.connections.get(id);
    this.connections.delete(id);
    // Closing waits for requests under way; each of them is bounded by its own time.
    const ending = status === 'clean' ? connection?.close() : connection?.destroy();
    void ending?.catch(() => undefined);
  }
}
