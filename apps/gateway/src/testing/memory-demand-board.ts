import {
  type BoardView,
  type DemandBoard,
  type Demands,
  formatDemands,
  GATEWAY_ALIVE_MS,
  viewOf,
} from '@leasehold/directory';
import type { Clock } from '@leasehold/foundation';

/** A board that can be down. */
export class MemoryDemandBoard implements DemandBoard {
  isDown = false;
  private readonly rows = new Map<string, { readonly seenMs: number; readonly demand: string }>();

  constructor(private readonly clock: Clock) {}

  async exchange(gatewayId: string, own: Demands): Promise<BoardView> {
    if (this.isDown) throw new Error('connection refused');
    const nowMs = this.clock.monotonic();
    this.rows.set(gatewayId, { seenMs: nowMs, demand: formatDemands(own) });
    const alive = [...this.rows].filter(([id, { seenMs }]) => id !== gatewayId && seenMs > nowMs - GATEWAY_ALIVE_MS);
    return viewOf(alive.map(([, { demand }]) => demand));
  }

  async leave(gatewayId: string): Promise<void> {
    if (this.isDown) throw new Error('connection refused');
    this.rows.delete(gatewayId);
  }

  get gateways(): readonly string[] {
    return [...this.rows.keys()];
  }
}
