import { systemClock, type Clock } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';
import type { Logger } from '@leasehold/service-kit';

import { MailRefusedError, type Mail, type MailTransport } from './mail.js';

export interface MailQueueSettings {
  /** Mails that have not been taken over yet, those between two attempts included. */
  readonly capacity: number;
  /** Being sent at the same time. */
  readonly atOnce: number;
  readonly attempts: number;
  /** Wait after the first failure; doubles with each further one. */
  readonly firstRetryMs: number;
  /** An attempt that takes longer counts as failed. */
  readonly attemptTimeoutMs: number;
  /** How long closing waits for mails that are ready to go. */
  readonly closeTimeoutMs: number;
}

export const MAIL_QUEUE_SETTINGS: MailQueueSettings = {
  capacity: 1_000,
  atOnce: 4,
  attempts: 6,
  firstRetryMs: 2_000,
  attemptTimeoutMs: 60_000,
  closeTimeoutMs: 5_000,
};

const RETRY_AFTER_MS = 10_000;

interface Letter {
  readonly mail: Mail;
  readonly attempt: number;
}

/**
 * Sends mails in the background, so that no answer waits for a mail server, and none tells by its time whether there was
 * anything to send. In memory: what a process that dies had not sent is asked for again by the person who waits for it.
 */
export class MailQueue {
  /** Held from `post` until taken over or given up. */
  private held = 0;
  private sending = 0;
  private readonly ready: Letter[] = [];
  private closing = false;
  private onIdle: (() => void) | undefined;

  constructor(
    /** Undefined: this installation sends no mail. */
    private readonly transport: MailTransport | undefined,
    private readonly logger: Logger,
    private readonly clock: Clock = systemClock,
    private readonly settings: MailQueueSettings = MAIL_QUEUE_SETTINGS,
  ) {}

  get size(): number {
    return this.held;
  }

  get configured(): boolean {
    return this.transport !== undefined;
  }

  /**
   * That a mail would be taken now: asked before it is known whether there is one to send, so that the answer does not tell.
   *
   * @throws ProblemError mail-not-configured, overloaded
   */
  requireRoom(): void {
    if (this.transport === undefined) {
      throw new ProblemError('mail-not-configured', 'this installation has no mail server');
    }
    if (this.closing || this.held >= this.settings.capacity) {
      throw new ProblemError('overloaded', 'too many mails are waiting', { retryAfterMs: RETRY_AFTER_MS });
    }
  }

  /**
   * Takes a mail and returns at once.
   *
   * @throws ProblemError mail-not-configured; overloaded: it was not taken
   */
  post(mail: Mail): void {
    this.requireRoom();
    this.held++;
    this.ready.push({ mail, attempt: 1 });
    this.pump();
  }

  /** Takes no more, gives up what waits for another attempt, and waits a bounded time for the rest. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.sending > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.clock.schedule(this.settings.closeTimeoutMs, resolve);
        this.onIdle = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    if (this.held > 0) this.logger.warn({ mails: this.held }, 'mails were not sent before the end');
  }

  private pump(): void {
    while (this.sending < this.settings.atOnce) {
      const letter = this.ready.shift();
      if (letter === undefined) break;
      this.sending++;
      void this.deliver(letter).finally(() => {
        this.sending--;
        this.pump();
      });
    }
    if (this.sending === 0) this.onIdle?.();
  }

  private async deliver({ mail, attempt }: Letter): Promise<void> {
    try {
      await this.inTime(mail);
      this.held--;
    } catch (error) {
      const lastAttempt = error instanceof MailRefusedError || attempt >= this.settings.attempts;
      this.logger.warn({ ...harmless(error), attempt, lastAttempt }, 'a mail was not sent');
      if (lastAttempt) this.held--;
      else this.retryLater({ mail, attempt: attempt + 1 });
    }
  }

  private retryLater(letter: Letter): void {
    this.clock.schedule(this.settings.firstRetryMs * 2 ** (letter.attempt - 2), () => {
      if (this.closing) return;
      this.ready.push(letter);
      this.pump();
    });
  }

  private async inTime(mail: Mail): Promise<void> {
    let cancel = () => {};
    const late = new Promise<never>((_, reject) => {
      const timer = this.clock.schedule(this.settings.attemptTimeoutMs, () => reject(new Error('took too long')));
      cancel = () => timer.cancel();
    });
    try {
      await Promise.race([this.transport?.send(mail), late]);
    } finally {
      cancel();
    }
  }
}

/** What of a failure may be logged: its codes. Servers repeat addresses, and sometimes the mail, in their words. */
function harmless(error: unknown): Readonly<Record<string, unknown>> {
  const { cause } = error as { readonly cause?: unknown };
  const told = (cause ?? error) as { readonly code?: unknown; readonly responseCode?: unknown };
  return { failure: told.code, reply: told.responseCode };
}
