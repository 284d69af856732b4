import { Controller, HttpCode, Post } from '@nestjs/common';
import { ProblemError } from '@leasehold/protocol';

import { Access, EVERYBODY, PEOPLE } from '../auth/access.js';
import { Authentication } from '../auth/authentication.js';
import { CurrentPerson, type Person } from '../auth/caller.js';
import { MailThrottle } from '../mail/mail-throttle.js';
import { MailQueue } from '../mail/mail-queue.js';
import { JsonBody } from '../requests/json-body.js';
import { verificationBody, type VerificationBody } from './account-schemas.js';
import { VerificationMail } from './verification-mail.js';

/** That an account's address is its owner's. Asked for only where others are concerned: an account works without. */
@Controller('v1/email-verification')
export class EmailVerificationController {
  constructor(
    private readonly authentication: Authentication,
    private readonly mail: VerificationMail,
    private readonly mails: MailQueue,
    private readonly throttle: MailThrottle,
  ) {}

  /** Sends the mail once more. */
  @Post('mail')
  @HttpCode(202)
  @Access(PEOPLE)
  async send(@CurrentPerson() { email, emailVerified }: Person): Promise<void> {
    if (emailVerified) throw new ProblemError('conflict', 'the address is verified already');
    this.mails.requireRoom();
    this.throttle.admit(email);
    await this.mail.send(email);
  }

  /** With the token of the mail, logged in or not. Again is the same. */
  @Post()
  @HttpCode(204)
  @Access(EVERYBODY)
  async verify(@JsonBody(verificationBody) { token }: VerificationBody): Promise<void> {
    await this.authentication.verifyEmail(token);
  }
}
