import { MAX_REASON_CHARS } from '@leasehold/revocations';
import { z } from 'zod';

import { nameOf } from '../requests/text.js';

/** Why a tenant is suspended: for operators, never shown to the tenant. */
export const newSuspension = z.strictObject({ reason: nameOf(1, MAX_REASON_CHARS) });
export type NewSuspension = z.output<typeof newSuspension>;
