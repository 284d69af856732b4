import type { MailThrottleSettings } from '../mail/mail-throttle.js';

/** Of one organization, whomever they go to: invited, revoked and invited again is as many mails. */
export const INVITATION_THROTTLE_SETTINGS: MailThrottleSettings = { burst: 50, refillMs: 60_000, capacity: 10_000 };

/** Injection token of a {@link MailThrottle} by organizations. */
export const INVITATION_THROTTLE = Symbol('invitation throttle');
