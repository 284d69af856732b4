import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';

import type { WorkerConfig } from './config.js';
import { ChangesController } from './databases/changes-controller.js';
import { Commits } from './databases/commits.js';
import { DatabaseWork } from './databases/database-work.js';
import { DatabasesController } from './databases/databases-controller.js';
import { ReadsController } from './databases/reads-controller.js';
import { TransactionsController } from './databases/transactions-controller.js';
import { WritesController } from './databases/writes-controller.js';
import { SessionController } from './session/session-controller.js';
import { WORKER_CONFIG } from './tokens.js';
import { WorkerSession } from './worker-session.js';

@Module({})
export class WorkerModule {
  static with(config: WorkerConfig, session: WorkerSession): DynamicModule {
    return {
      module: WorkerModule,
      controllers: [
        ReadsController,
        WritesController,
        TransactionsController,
        DatabasesController,
        ChangesController,
        SessionController,
      ],
      providers: [
        DatabaseWork,
        Commits,
        { provide: WORKER_CONFIG, useValue: config },
        { provide: WorkerSession, useValue: session },
      ],
    };
  }
}
