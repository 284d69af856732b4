import type { PrismaClient } from './generated/client.js';

/** When a gateway last told the others what tenants ask of it, which each does every second. */
export interface GatewaySign {
  readonly gatewayId: string;
  readonly seenAt: Date;
}

/** Signs of life of gateways, where they meet in Postgres and not in Redis. One that was killed is told for a minute. */
export class GatewaySigns {
  constructor(private readonly prisma: PrismaClient) {}

  /** By id. */
  async list(limit: number): Promise<readonly GatewaySign[]> {
    const select = { gatewayId: true, seenAt: true };
    return this.prisma.gatewayDemand.findMany({ orderBy: { gatewayId: 'asc' }, take: limit, select });
  }
}
