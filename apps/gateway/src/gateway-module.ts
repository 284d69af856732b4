import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { Directory } from '@leasehold/directory';

import { DatabaseRequests } from './databases/database-requests.js';
import { DatabasesController } from './databases/databases-controller.js';
import { Forwarder } from './forwarding/forwarder.js';

@Module({})
export class GatewayModule {
  static with(directory: Directory, forwarder: Forwarder): DynamicModule {
    return {
      module: GatewayModule,
      controllers: [DatabasesController],
      providers: [
        DatabaseRequests,
        { provide: Directory, useValue: directory },
        { provide: Forwarder, useValue: forwarder },
      ],
    };
  }
}
