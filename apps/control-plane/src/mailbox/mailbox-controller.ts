import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { assert } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { Access, EVERYBODY } from '../auth/access.js';
import { CONFIG, type ControlPlaneConfig } from '../config.js';
import { isLoopbackHost } from './loopback.js';
import { MailboxFolder } from './mailbox-folder.js';
import { mailboxPage } from './mailbox-page.js';

const SHOWN_MAILS = 50;

/** The page that stands in for a mail program. There only when mails go to a folder, which the configuration allows on loopback alone. */
@Controller('mailbox')
@Access(EVERYBODY)
export class MailboxController {
  constructor(
    private readonly folder: MailboxFolder,
    @Inject(CONFIG) private readonly config: ControlPlaneConfig,
  ) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('cache-control', 'no-store')
  async read(@Req() request: FastifyRequest): Promise<string> {
    // A name of somebody else's that was made to lead here would make the mails readable to its pages.
    if (!isLoopbackHost(request.hostname))
      throw new ProblemError('forbidden', 'the mailbox is shown on loopback alone');
    assert(this.config.PUBLIC_URL !== undefined, 'mail needs PUBLIC_URL');
    return mailboxPage(await this.folder.list(SHOWN_MAILS), this.config.PUBLIC_URL);
  }
}
