import { Controller, Get, Inject } from '@nestjs/common';

import { Access, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { HealthBoard, type HealthAnswer } from './health-board.js';

/** How the parts of the installation are. For operators of the service alone. */
@Controller('v1/admin/health')
export class HealthController {
  constructor(@Inject(HealthBoard) private readonly board: HealthBoard) {}

  /** Some seconds old at most. A part that hangs is told as one that does not answer. */
  @Get()
  @Access(SESSION_ONLY)
  async read(@CurrentCaller() caller: Caller): Promise<HealthAnswer> {
    requireOperator(caller);
    return this.board.read();
  }
}
