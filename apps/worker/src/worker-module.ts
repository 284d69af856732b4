import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';

import type { WorkerConfig } from './config.js';
import { DatabasesController } from './databases/databases-controller.js';
import { WORKER_CONFIG } from './tokens.js';
import { WorkerSession } from './worker-session.js';

@Module({})
export class WorkerModule {
  static with(config: WorkerConfig, session: WorkerSession): DynamicModule {
    return {
      module: WorkerModule,
      controllers: [DatabasesController],
      providers: [
        { provide: WORKER_CONFIG, useValue: config },
        { provide: WorkerSession, useValue: session },
      ],
    };
  }
}
