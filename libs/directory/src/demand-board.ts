/** What a tenant asks of a gateway in a second, also of what is refused. */
export interface TenantDemand {
  readonly requests: number;
  readonly bytes: number;
}

/** By tenant. */
export type Demands = ReadonlyMap<string, TenantDemand>;

/** What is asked of all other gateways that live. */
export interface BoardView {
  /** How many they are. */
  readonly otherGateways: number;
  /** Of all of them together. */
  readonly others: Demands;
}

/** A gateway that has not said anything for so long is gone, and what was asked of it does not count any more. */
export const GATEWAY_ALIVE_MS = 5_000;
/** Of one gateway; tenants beyond are not told of. Some 40 bytes each. */
export const BOARD_TENANTS = 1_000;
/** Gateways beyond are not heard. */
export const BOARD_GATEWAYS = 100;

/**
 * Where the gateways tell each other what tenants ask of them, so that limits hold for all of them together. What is on it is worth nothing
 * after a few seconds: it may be lost at any time.
 */
export interface DemandBoard {
  /**
   * Puts up what is asked of this gateway, in place of what it said before, and reads what the others have. Rejects when the board does not
   * answer, within a bounded time.
   *
   * @param own {@link BOARD_TENANTS} at most
   */
  exchange(gatewayId: string, own: Demands): Promise<BoardView>;
  /** Takes down what this gateway has said: nothing is asked of it any more. */
  leave(gatewayId: string): Promise<void>;
}

/** `{"<tenant>":[requests, bytes]}`, rounded up: requests to tenths, bytes to whole ones. */
export function formatDemands(demands: Demands): string {
  const row = [...demands].map(([tenantId, { requests, bytes }]) => [tenantId, [tenths(requests), Math.ceil(bytes)]]);
  return JSON.stringify(Object.fromEntries(row));
}

/** Of several rows together. One that cannot be read, of a later version perhaps, counts as a gateway of whom nothing is asked. */
export function viewOf(rows: readonly string[]): BoardView {
  const others = new Map<string, TenantDemand>();
  const heard = rows.slice(0, BOARD_GATEWAYS);
  for (const row of heard) {
    for (const [tenantId, { requests, bytes }] of parseDemands(row)) {
      const sum = others.get(tenantId);
      others.set(tenantId, { requests: (sum?.requests ?? 0) + requests, bytes: (sum?.bytes ?? 0) + bytes });
    }
  }
  return { otherGateways: heard.length, others };
}

function* parseDemands(row: string): Generator<[string, TenantDemand]> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(row);
  } catch {
    return;
  }
  if (typeof parsed !== 'object' || parsed === null) return;
  for (const [tenantId, demand] of Object.entries(parsed).slice(0, BOARD_TENANTS)) {
    if (!Array.isArray(demand)) continue;
    const [requests, bytes] = demand as readonly unknown[];
    if (isAmount(requests) && isAmount(bytes)) yield [tenantId, { requests, bytes }];
  }
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function tenths(amount: number): number {
  return Math.ceil(amount * 10) / 10;
}
