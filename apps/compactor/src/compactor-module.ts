import { Module, type DynamicModule } from '@nestjs/common';
import type { JobWorkersSettings } from '@leasehold/jobs';
import type { ObjectStore } from '@leasehold/object-store';

import type { CompactorConfig } from './config.js';
import { CompactorMetrics } from './compactor-metrics.js';
import { JobRunner } from './jobs/job-runner.js';
import { COMPACTOR_CONFIG, STORE, WORKERS_SETTINGS } from './tokens.js';

export interface CompactorParts {
  readonly config: CompactorConfig;
  readonly store: ObjectStore;
  /** Beyond the configuration; the defaults of libs/jobs otherwise. */
  readonly workers: Partial<JobWorkersSettings>;
}

@Module({})
export class CompactorModule {
  static forRoot({ config, store, workers }: CompactorParts): DynamicModule {
    return {
      module: CompactorModule,
      providers: [
        { provide: COMPACTOR_CONFIG, useValue: config },
        { provide: STORE, useValue: store },
        { provide: WORKERS_SETTINGS, useValue: workers },
        CompactorMetrics,
        JobRunner,
      ],
    };
  }
}
