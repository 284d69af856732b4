import { systemClock, type Clock } from '@leasehold/foundation';

import { Turns, type TurnsSettings } from '../requests/turns.js';

/** Hashing at the same time: each takes 19 MiB (32 for hashes of before) and a thread of the pool of four, one of which is left to others. */
export const PASSWORD_TURNS_SETTINGS: TurnsSettings = { atOnce: 3, maxWaiting: 60, maxWaitMs: 5_000 };

/** Bounds what strangers can make this process hash: passwords are slow to check on purpose, and anybody may ask. */
export class PasswordTurns extends Turns {
  constructor(clock: Clock = systemClock, settings: TurnsSettings = PASSWORD_TURNS_SETTINGS) {
    super('too many passwords are being checked', settings, clock);
  }
}
