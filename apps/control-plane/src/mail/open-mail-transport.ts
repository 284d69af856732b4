import type { ControlPlaneConfig } from '../config.js';
import { MailboxFolder } from '../mailbox/mailbox-folder.js';
import type { MailTransport } from './mail.js';
import { SmtpTransport } from './smtp-transport.js';

/** Undefined: no mail is sent. Connects to nothing yet. */
export function openMailTransport(config: ControlPlaneConfig): MailTransport | undefined {
  if (config.MAILBOX_DIR !== undefined) return new MailboxFolder(config.MAILBOX_DIR);
  if (config.SMTP_URL === undefined || config.MAIL_FROM === undefined) return undefined;
  return new SmtpTransport({
    url: config.SMTP_URL,
    from: config.MAIL_FROM,
    requireTls: config.SMTP_TLS === 'required',
  });
}
