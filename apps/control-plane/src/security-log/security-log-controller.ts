import { Controller, Get } from '@nestjs/common';
import { Metadata } from '@leasehold/metadata';

import { Access, PEOPLE } from '../auth/access.js';
import { CurrentPerson, type Person } from '../auth/caller.js';

/** What was tried at one's own account and refused. */
@Controller('v1/security-log')
@Access(PEOPLE)
export class SecurityLogController {
  constructor(private readonly metadata: Metadata) {}

  /** All that is kept, 100 at most, the latest in front. */
  @Get()
  async list(@CurrentPerson() { userId }: Person) {
    return { events: await this.metadata.securityEvents.list(userId) };
  }
}
