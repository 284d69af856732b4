import { Controller, Get, Inject } from '@nestjs/common';

import { Access, EVERYBODY } from '../auth/access.js';
import { CONFIG, type ControlPlaneConfig } from '../config.js';

/** What the console's page has to know before anybody logs in. */
@Controller('console-config.json')
@Access(EVERYBODY)
export class ConsoleConfigController {
  constructor(@Inject(CONFIG) private readonly config: ControlPlaneConfig) {}

  @Get()
  read(): { readonly gatewayUrl: string | null } {
    return { gatewayUrl: this.config.GATEWAY_URL ?? null };
  }
}
