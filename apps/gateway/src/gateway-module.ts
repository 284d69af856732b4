import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { Directory } from '@leasehold/directory';

import { BudgetGuard } from './budgets/budget-guard.js';
import { ChangesController } from './changes/changes-controller.js';
import { FeedStreams } from './changes/feed-streams.js';
import { Feeds } from './changes/feeds.js';
import { DatabaseRequests } from './databases/database-requests.js';
import { DatabasesController } from './databases/databases-controller.js';
import { KeyRangesController } from './databases/key-ranges-controller.js';
import { KeysController } from './databases/keys-controller.js';
import { ReadsController } from './databases/reads-controller.js';
import { TransactionsController } from './databases/transactions-controller.js';
import { DocumentsController } from './documents/documents-controller.js';
import { Forwarder } from './forwarding/forwarder.js';
import { KvConnectController } from './kv-connect/kv-connect-controller.js';
import { KvWatchController } from './kv-connect/kv-watch-controller.js';
import { ReadUsage } from './usage/read-usage.js';

@Module({})
export class GatewayModule {
  static with(
    directory: Directory,
    forwarder: Forwarder,
    feeds: Feeds,
    usage?: ReadUsage,
    budgets?: BudgetGuard,
  ): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [
        KeysController,
        KeyRangesController,
        TransactionsController,
        ReadsController,
        DatabasesController,
        ChangesController,
        KvConnectController,
        KvWatchController,
        DocumentsController,
      ],
      providers: [
        DatabaseRequests,
        FeedStreams,
        { provide: Directory, useValue: directory },
        { provide: Forwarder, useValue: forwarder },
        { provide: Feeds, useValue: feeds },
        ...(usage ? [{ provide: ReadUsage, useValue: usage }] : []),
        ...(budgets ? [{ provide: BudgetGuard, useValue: budgets }] : []),
      ],
    };
  }
}
