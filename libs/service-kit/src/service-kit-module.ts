import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';

import { Health } from './health.js';
import { LOGGER } from './logger.js';
import type { Logger } from './logger.js';
import { createMetrics, HttpMetrics, METRICS } from './metrics.js';
import { ProblemFilter } from './problem-filter.js';
import { ServiceKitController } from './service-kit-controller.js';

/** What runService needs of the module that it imports. */
export interface ServiceKit {
  readonly module: DynamicModule;
  readonly httpMetrics: HttpMetrics;
}

interface ServiceIdentity {
  readonly name: string;
  readonly logger: Logger;
  /** Default true. */
  readonly processMetrics?: boolean;
}

const made = new WeakMap<Logger, ServiceKit>();

/** Gives every module of the service LOGGER, METRICS and Health, and the routes /healthz, /readyz and /metrics. */
@Module({})
export class ServiceKitModule {
  /** The same logger gives the same module: an app may import it although runService does so anyway. */
  static forRoot(identity: ServiceIdentity): DynamicModule {
    return serviceKitOf(identity).module;
  }
}

export function serviceKitOf({ name, logger, processMetrics = true }: ServiceIdentity): ServiceKit {
  const existing = made.get(logger);
  if (existing) return existing;
  const metrics = createMetrics(name, processMetrics);
  const module: DynamicModule = {
    module: ServiceKitModule,
    global: true,
    controllers: [ServiceKitController],
    providers: [
      Health,
      { provide: LOGGER, useValue: logger },
      { provide: METRICS, useValue: metrics },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
    exports: [Health, LOGGER, METRICS],
  };
  const kit: ServiceKit = { module, httpMetrics: new HttpMetrics(metrics) };
  made.set(logger, kit);
  return kit;
}
