import { Injectable } from '@nestjs/common';

import { Authentication } from '../auth/authentication.js';
import { Letters } from '../mail/letters.js';
import { MailQueue } from '../mail/mail-queue.js';

/** The mail by which somebody shows that an address is theirs. */
@Injectable()
export class VerificationMail {
  constructor(
    private readonly authentication: Authentication,
    private readonly letters: Letters,
    private readonly mails: MailQueue,
  ) {}

  /** @throws ProblemError mail-not-configured, overloaded */
  async send(email: string): Promise<void> {
    this.mails.post(this.letters.verification(email, await this.authentication.verificationToken(email)));
  }

  /** For who signs up: the account is there whether or not a mail can be sent, and the mail can be asked for again. */
  async welcome(email: string): Promise<void> {
    if (!this.mails.configured) return;
    await this.send(email).catch(() => undefined);
  }
}
