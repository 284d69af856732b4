import { createTransport } from 'nodemailer';

import { MailRefusedError, type Mail, type MailTransport } from './mail.js';

export interface SmtpSettings {
  /** `smtp://` or `smtps://`, with the user and password in it where the server wants them. */
  readonly url: string;
  readonly from: string;
  /** Send nothing over a connection that anybody could read: mails carry links that open accounts. */
  readonly requireTls: boolean;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Without a byte from the server. */
const SILENCE_TIMEOUT_MS = 15_000;

/** A connection for each mail: there are few, and a server's limits on idle ones cannot surprise. */
export class SmtpTransport implements MailTransport {
  private readonly transport;

  constructor(private readonly settings: SmtpSettings) {
    const url = new URL(settings.url);
    const secure = url.protocol === 'smtps:';
    const user = decodeURIComponent(url.username);
    this.transport = createTransport({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
      secure,
      requireTLS: settings.requireTls && !secure,
      ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
      connectionTimeout: CONNECT_TIMEOUT_MS,
      dnsTimeout: CONNECT_TIMEOUT_MS,
      greetingTimeout: SILENCE_TIMEOUT_MS,
      socketTimeout: SILENCE_TIMEOUT_MS,
      // A mail is its text: nothing that looks like a path or a URL is ever read into it.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send({ to, subject, text }: Mail): Promise<void> {
    try {
      // As an object, an address is not parsed: it can never become several.
      await this.transport.sendMail({ from: this.settings.from, to: { name: '', address: to }, subject, text });
    } catch (error) {
      throw isPermanent(error) ? new MailRefusedError('the mail server refuses the mail', { cause: error }) : error;
    }
  }
}

/** Answers to the addresses and to the mail itself. What is wrong with the connection or the log-in may be mended meanwhile. */
const ABOUT_THE_MAIL = new Set<unknown>(['EENVELOPE', 'EMESSAGE']);

/** RFC 5321: 5yz is an answer for good. */
function isPermanent(error: unknown): boolean {
  const { responseCode, code } = error as { readonly responseCode?: unknown; readonly code?: unknown };
  return typeof responseCode === 'number' && responseCode >= 500 && ABOUT_THE_MAIL.has(code);
}
