import { MAX_TARGET_CHARS } from '@leasehold/outbound';
import { z } from 'zod';

import { nameOf } from '../requests/text.js';

const DESCRIPTION_CHARS = 200;
const MAX_EVENTS = 64;
/** As the audit log names them. */
const EVENT = /^[a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*$/;
const EVENT_CHARS = 64;
const MAX_OVERLAP_SECONDS = 7 * 24 * 60 * 60;
const DEFAULT_OVERLAP_SECONDS = 24 * 60 * 60;
const OVERLAP = `must be a whole number of seconds from 0 to ${MAX_OVERLAP_SECONDS}`;

const members = {
  url: z.string().min(1, 'must be a URL').max(MAX_TARGET_CHARS, `must have at most ${MAX_TARGET_CHARS} characters`),
  description: nameOf(0, DESCRIPTION_CHARS),
  events: z
    .array(z.string().max(EVENT_CHARS).regex(EVENT, 'must be an action of the audit log, such as database.created'))
    .max(MAX_EVENTS, `must name at most ${MAX_EVENTS} events`)
    .refine((events) => new Set(events).size === events.length, 'must not name an event twice'),
};

export const newWebhook = z.strictObject({
  url: members.url,
  description: members.description.default(''),
  /** Left out: all. */
  events: members.events.default([]),
});
export type NewWebhook = z.output<typeof newWebhook>;

export const webhookChange = z
  .strictObject({ ...members, enabled: z.boolean() })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something');
export type WebhookChange = z.output<typeof webhookChange>;

export const webhookRotation = z.strictObject({
  /** How long the secrets up to the present one go on signing too, at least; 0 ends all of them. */
  overlapSeconds: z.int(OVERLAP).min(0, OVERLAP).max(MAX_OVERLAP_SECONDS, OVERLAP).default(DEFAULT_OVERLAP_SECONDS),
});
export type WebhookRotation = z.output<typeof webhookRotation>;
