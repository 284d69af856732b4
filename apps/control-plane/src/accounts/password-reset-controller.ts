import { Controller, HttpCode, Post } from '@nestjs/common';
import { systemClock } from '@leasehold/foundation';

import { Access, EVERYBODY } from '../auth/access.js';
import { Authentication } from '../auth/authentication.js';
import { PasswordTurns } from '../auth/password-turns.js';
import { MailQueue } from '../mail/mail-queue.js';
import { MailThrottle } from '../mail/mail-throttle.js';
import { evenTime } from '../requests/even-time.js';
import { JsonBody } from '../requests/json-body.js';
import { resetBody, resetMailBody, type ResetBody, type ResetMailBody } from './account-schemas.js';

/** Longer than Postgres takes to note a token down, on any day on which it works. */
const REQUEST_FLOOR_MS = 500;

/** A new password for who has forgotten theirs and reads the mails of the account's address. */
@Controller('v1/password-reset')
@Access(EVERYBODY)
export class PasswordResetController {
  constructor(
    private readonly authentication: Authentication,
    private readonly passwords: PasswordTurns,
    private readonly mails: MailQueue,
    private readonly throttle: MailThrottle,
  ) {}

  /** Answers alike, and after the same time, whether or not the address has an account. */
  @Post('mail')
  @HttpCode(202)
  async mail(@JsonBody(resetMailBody) { email }: ResetMailBody): Promise<void> {
    this.mails.requireRoom();
    this.throttle.admit(email);
    await evenTime(systemClock, REQUEST_FLOOR_MS, () => this.authentication.requestReset(email));
  }

  /** Starts no session: whoever has a second factor needs it now as ever. */
  @Post()
  @HttpCode(204)
  async reset(@JsonBody(resetBody) { token, password }: ResetBody): Promise<void> {
    await this.passwords.run(() => this.authentication.resetPassword(token, password));
  }
}
