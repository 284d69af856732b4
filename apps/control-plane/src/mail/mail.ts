/** A letter to one person. Plain text: nothing in it can be taken for markup, and every mail program shows it. */
export interface Mail {
  /** One address, as it was checked when it came in. */
  readonly to: string;
  /** One line. */
  readonly subject: string;
  readonly text: string;
}

/** Where mails go: an SMTP server, or a folder on this machine. */
export interface MailTransport {
  /**
   * Resolves when somebody else has taken the mail over. It may be sent again when that was not heard.
   *
   * @throws MailRefusedError when no further attempt can help; anything else when one may
   */
  send(mail: Mail): Promise<void>;
}

/** The other side will not take this mail, however often it is asked. */
export class MailRefusedError extends Error {
  override readonly name = 'MailRefusedError';
}
