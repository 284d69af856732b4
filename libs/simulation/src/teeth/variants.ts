import type { Variant } from './variant.js';
import { BROKEN_COLLECTIONS } from './variants/gc.js';
import { BROKEN_COMPACTIONS } from './variants/compaction.js';
import { BROKEN_HEADS } from './variants/heads.js';
import { BROKEN_LOGS } from './variants/log.js';
import { BROKEN_OWNERSHIP } from './variants/ownership.js';
import { BROKEN_PUTS } from './variants/puts.js';
import { BROKEN_READS } from './variants/reads.js';
import { BROKEN_RETRIES } from './variants/retries.js';
import { BROKEN_SESSIONS } from './variants/sessions.js';
import { BROKEN_TRANSACTIONS } from './variants/transactions.js';

/** Every variant, by what it breaks. */
export const VARIANTS: readonly Variant[] = [
  ...BROKEN_PUTS,
  ...BROKEN_SESSIONS,
  ...BROKEN_LOGS,
  ...BROKEN_HEADS,
  ...BROKEN_OWNERSHIP,
  ...BROKEN_READS,
  ...BROKEN_TRANSACTIONS,
  ...BROKEN_RETRIES,
  ...BROKEN_COMPACTIONS,
  ...BROKEN_COLLECTIONS,
];
