import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '@leasehold/foundation';

/** Mails go out in the background. */
export const MAIL_WAIT_MS = 5_000;
const LOOK_EVERY_MS = 20;

export interface ReadMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** A mailbox folder of a service under test, to read what it sent. */
export class TestMailbox {
  private constructor(
    readonly folder: string,
    private readonly publicUrl: string,
  ) {}

  static async open(publicUrl: string): Promise<TestMailbox> {
    return new TestMailbox(await mkdtemp(join(tmpdir(), 'mailbox-')), publicUrl);
  }

  /** All mails to an address, oldest first, as soon as there are `count`. */
  async mailsTo(address: string, count: number): Promise<readonly ReadMail[]> {
    for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
      const names = (await readdir(this.folder)).filter((name) => name.endsWith('.json')).sort();
      const mails = await Promise.all(
        names.map(async (name) => JSON.parse(await readFile(join(this.folder, name), 'utf8')) as ReadMail),
      );
      const found = mails.filter(({ to }) => to === address);
      if (found.length >= count || waitedMs > MAIL_WAIT_MS) return found;
      await systemClock.sleep(LOOK_EVERY_MS);
    }
  }

  /** What the link in the latest of `count` mails carries to the page. */
  async tokenOf(address: string, page: string, count: number): Promise<string> {
    const mail = (await this.mailsTo(address, count)).at(-1);
    const link = new RegExp(`^${this.publicUrl}/console/${page}#(\\S+)$`, 'm').exec(mail?.text ?? '');
    if (link === null) throw new Error(`no mail to ${address} links to ${page}`);
    return decodeURIComponent(link[1] ?? '');
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
