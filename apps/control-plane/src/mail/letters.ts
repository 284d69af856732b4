import type { Mail } from './mail.js';

/** How long the link in each letter works. */
export const VERIFICATION_SECONDS = 24 * 60 * 60;
export const RESET_SECONDS = 60 * 60;
export const INVITATION_SECONDS = 7 * 24 * 60 * 60;

/**
 * The words of our mails. What a link carries stands behind `#`: browsers send that to no server, so that it gets into no log.
 * Names that people chose do not come into mails to strangers: they would be somebody's advertisement under our name.
 */
export class Letters {
  /** @param publicUrl where browsers reach us; never taken from a request, which could name another place */
  constructor(private readonly publicUrl: string) {}

  verification(to: string, token: string): Mail {
    return {
      to,
      subject: 'Confirm your e-mail address',
      text: lines(
        'Welcome to Leasehold.',
        `Confirm that this is your address, within 24 hours:`,
        this.link('verify-email.html', token),
        'If you have not signed up, do nothing: the address stays unconfirmed.',
      ),
    };
  }

  passwordReset(to: string, token: string): Mail {
    return {
      to,
      subject: 'Choose a new password',
      text: lines(
        'Somebody, you we hope, wants a new password for the Leasehold account of this address.',
        'Choose it within an hour, and once:',
        this.link('reset-password.html', token),
        'If it was not you, do nothing: the old password stays.',
      ),
    };
  }

  /** @param inviter whose address we know to be theirs */
  invitation(to: string, inviter: string, token: string): Mail {
    return {
      to,
      subject: 'You are invited to Leasehold',
      text: lines(
        `The person with the address ${inviter} invites you to their organization at Leasehold.`,
        'Accept or decline within seven days:',
        this.link('invitation.html', token),
        'If you do not know them, do nothing.',
      ),
    };
  }

  private link(page: string, token: string): string {
    const url = new URL(`/${page}`, this.publicUrl);
    url.hash = token;
    return url.href;
  }
}

function lines(...paragraphs: readonly string[]): string {
  return `${paragraphs.join('\n\n')}\n`;
}
