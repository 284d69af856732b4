import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { TestSmtpServer } from '../testing/test-smtp-server.js';
import { MailRefusedError } from './mail.js';
import { SmtpTransport } from './smtp-transport.js';

const MAIL = { to: 'reader@example.com', subject: 'Größe', text: 'first\n.\nlast\n' };

describe('smtp transport', () => {
  let server: TestSmtpServer;
  beforeEach(async () => {
    server = await TestSmtpServer.start();
  });
  afterEach(() => server.close());

  const transport = (requireTls = false) =>
    new SmtpTransport({ url: server.url, from: 'leasehold@example.com', requireTls });

  it('hands a mail over, from us to one address', async () => {
    await transport().send(MAIL);
    const [mail = ''] = server.mails;
    expect(server.commands).toEqual(
      expect.arrayContaining(['MAIL FROM:<leasehold@example.com>', 'RCPT TO:<reader@example.com>']),
    );
    expect(mail).toMatch(/^To: reader@example\.com\r$/m);
    expect(mail).toContain('first\r\n..\r\nlast');
    expect(mail).toMatch(/^Subject: =\?UTF-8\?/m);
  });

  it('writes to one address whatever it looks like', async () => {
    const to = 'a@example.com,b@example.com';
    await transport()
      .send({ ...MAIL, to })
      .catch(() => undefined);
    expect(server.commands.filter((line) => line.startsWith('RCPT')).length).toBeLessThanOrEqual(1);
    expect(server.commands).not.toContain('RCPT TO:<b@example.com>');
  });

  it('tells a refusal for good from one for now', async () => {
    server.answers.push('550 no such box', '451 later');
    await expect(transport().send(MAIL)).rejects.toBeInstanceOf(MailRefusedError);
    await expect(transport().send(MAIL)).rejects.not.toBeInstanceOf(MailRefusedError);
    await transport().send(MAIL);
    expect(server.mails.length).toBe(1);
  });

  it('says nothing of the mail to a server without TLS unless that is allowed', async () => {
    await expect(transport(true).send(MAIL)).rejects.not.toBeInstanceOf(MailRefusedError);
    expect(server.commands.join()).not.toContain('example.com>');
  });

  it('fails when nobody listens', async () => {
    const gone = transport();
    await server.close();
    await expect(gone.send(MAIL)).rejects.not.toBeInstanceOf(MailRefusedError);
    server = await TestSmtpServer.start();
  });
});
