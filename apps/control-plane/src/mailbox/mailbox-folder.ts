import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import { z } from 'zod';

import type { Mail, MailTransport } from '../mail/mail.js';

/** The oldest go when there are more. */
const MAX_MAILS = 200;
const FILE = /^[0-9a-z]{26}\.json$/;

const keptMail = z.object({ to: z.string(), subject: z.string(), text: z.string(), sentAt: z.iso.datetime() });

export type KeptMail = z.output<typeof keptMail>;

/** For machines without a mail server: mails are files in a folder, named so that they sort by time. */
export class MailboxFolder implements MailTransport {
  private readonly ids = new UlidSource(systemClock, systemRandom);

  constructor(private readonly folder: string) {}

  async send({ to, subject, text }: Mail): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, `${this.ids.next()}.json`);
    const kept: KeptMail = { to, subject, text, sentAt: new Date(systemClock.now()).toISOString() };
    // Whoever reads the folder meanwhile sees no half of a mail.
    await writeFile(`${path}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
    await rename(`${path}.new`, path);
    for (const name of (await this.names()).slice(MAX_MAILS)) await rm(join(this.folder, name), { force: true });
  }

  /** Newest first. Files that are no mails of ours are passed over. */
  async list(limit: number): Promise<readonly KeptMail[]> {
    const names = (await this.names()).slice(0, limit);
    const mails = await Promise.all(names.map((name) => this.read(name)));
    return mails.filter((mail) => mail !== undefined);
  }

  private async names(): Promise<readonly string[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names
      .filter((name) => FILE.test(name))
      .sort()
      .reverse();
  }

  private async read(name: string): Promise<KeptMail | undefined> {
    try {
      return keptMail.safeParse(JSON.parse(await readFile(join(this.folder, name), 'utf8'))).data;
    } catch {
      return undefined;
    }
  }
}
