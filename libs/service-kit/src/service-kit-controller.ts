import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Registry } from 'prom-client';

import { Health } from './health.js';
import { METRICS } from './metrics.js';

/** What orchestrators and Prometheus ask every service. */
@Controller()
export class ServiceKitController {
  constructor(
    private readonly health: Health,
    @Inject(METRICS) private readonly metrics: Registry,
  ) {}

  /** The process runs. It says nothing about its dependencies: restarting does not mend those. */
  @Get('healthz')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('readyz')
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const readiness = await this.health.readiness();
    await reply.status(readiness.status === 'ready' ? 200 : 503).send(readiness);
  }

  @Get('metrics')
  async scrape(@Res() reply: FastifyReply): Promise<void> {
    await reply.header('content-type', this.metrics.contentType).send(await this.metrics.metrics());
  }
}
