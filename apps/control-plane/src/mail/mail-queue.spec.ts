import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@leasehold/foundation-testing';
import type { Logger } from '@leasehold/service-kit';

import { MailRefusedError, type Mail } from './mail.js';
import { MAIL_QUEUE_SETTINGS, MailQueue, type MailQueueSettings } from './mail-queue.js';

const MAIL: Mail = { to: 'a@example.com', subject: 's', text: 'the link with its token' };

/** A mail server by hand, and a queue in front of it. */
class PostOffice {
  readonly clock = new FakeClock();
  readonly logged: unknown[] = [];
  readonly seen: Mail[] = [];
  answer: () => Promise<void> = async () => undefined;
  readonly queue: MailQueue;

  constructor(settings: Partial<MailQueueSettings> = {}) {
    const logger = { warn: (told: unknown) => this.logged.push(told) } as unknown as Logger;
    const transport = {
      send: (mail: Mail) => {
        this.seen.push(mail);
        return this.answer();
      },
    };
    this.queue = new MailQueue(transport, logger, this.clock, { ...MAIL_QUEUE_SETTINGS, ...settings });
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function codeOf(work: () => void): string {
  try {
    work();
    return 'done';
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

describe('mail queue', () => {
  it('sends what is posted, few at the same time', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow = new PostOffice({ atOnce: 2 });
    slow.answer = () => held;
    for (let i = 0; i < 5; i++) slow.queue.post(MAIL);
    await settle();
    expect([slow.seen.length, slow.queue.size]).toEqual([2, 5]);
    release();
    await settle();
    expect([slow.seen.length, slow.queue.size]).toEqual([5, 0]);
    expect(slow.seen[4]).toEqual(MAIL);
  });

  it('tries again after longer and longer waits, and gives up in the end', async () => {
    const office = new PostOffice({ attempts: 3, firstRetryMs: 100 });
    office.answer = () => Promise.reject(new Error('not now'));
    office.queue.post(MAIL);
    await settle();
    expect(office.seen.length).toBe(1);
    await office.clock.advance(99);
    expect(office.seen.length).toBe(1);
    await office.clock.advance(1);
    await settle();
    expect(office.seen.length).toBe(2);
    await office.clock.advance(199);
    expect(office.seen.length).toBe(2);
    await office.clock.advance(1);
    await settle();
    expect([office.seen.length, office.queue.size]).toEqual([3, 0]);
  });

  it('does not try again what was refused for good', async () => {
    const office = new PostOffice();
    office.answer = () => Promise.reject(new MailRefusedError('no such box'));
    office.queue.post(MAIL);
    await settle();
    await office.clock.advance(3_600_000);
    expect([office.seen.length, office.queue.size]).toEqual([1, 0]);
  });

  it('counts an attempt that takes too long as failed', async () => {
    const office = new PostOffice({ attempts: 2, attemptTimeoutMs: 1_000, firstRetryMs: 1 });
    office.answer = () => new Promise(() => undefined);
    office.queue.post(MAIL);
    await office.clock.advance(1_000);
    await settle();
    await office.clock.advance(1);
    await settle();
    expect(office.seen.length).toBe(2);
  });

  it('holds a bounded number, those between two attempts included', async () => {
    const office = new PostOffice({ capacity: 3 });
    office.answer = () => Promise.reject(new Error('not now'));
    for (let i = 0; i < 3; i++) office.queue.post(MAIL);
    await settle();
    expect(codeOf(() => office.queue.post(MAIL))).toBe('overloaded');
    expect(codeOf(() => office.queue.requireRoom())).toBe('overloaded');
    expect(office.queue.size).toBe(3);
  });

  it('logs neither address nor text, not even when the server repeats them', async () => {
    const office = new PostOffice({ attempts: 1 });
    const words = Object.assign(new Error(`550 ${MAIL.to} ${MAIL.text}`), { code: 'EENVELOPE', responseCode: 550 });
    office.answer = () => Promise.reject(new MailRefusedError('refused', { cause: words }));
    office.queue.post(MAIL);
    await settle();
    expect(office.logged).toEqual([{ failure: 'EENVELOPE', reply: 550, attempt: 1, lastAttempt: true }]);
  });

  it('waits at its end for what is being sent, for a bounded time, and takes no more', async () => {
    const office = new PostOffice({ closeTimeoutMs: 5_000 });
    office.answer = () => new Promise(() => undefined);
    office.queue.post(MAIL);
    let closed = false;
    const closing = office.queue.close().then(() => (closed = true));
    await office.clock.advance(4_999);
    await settle();
    expect([closed, codeOf(() => office.queue.post(MAIL))]).toEqual([false, 'overloaded']);
    await office.clock.advance(1);
    await closing;
    expect(office.logged).toEqual([{ mails: 1 }]);
  });

  it('says when there is no mail server', () => {
    const queue = new MailQueue(undefined, {} as Logger);
    expect(codeOf(() => queue.post(MAIL))).toBe('mail-not-configured');
  });
});
