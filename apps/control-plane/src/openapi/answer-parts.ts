import { z } from 'zod';

/** What the schemas of answers are made of. */
export const instant = z.iso.datetime();
export const count = z.int().min(0);
export const cursor = z.string().nullable().describe('Of the next page, null behind the last.');
export const names = z.array(z.string());
export const SHOWN_ONCE = 'Shown here alone; null where an answer is repeated under an `Idempotency-Key`.';
export const shownOnce = z.string().nullable().describe(SHOWN_ONCE);
