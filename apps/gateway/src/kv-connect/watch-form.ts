import { WATCH_HEARTBEAT } from '@leasehold/protocol';

import type { FeedForm } from '../changes/feed-connection.js';

/** A stream of messages with their lengths. It tells nothing of itself: a client connects again when it ends, and hears then why it may not. */
export const WATCH_FORM: FeedForm = {
  headers: {
    // Exactly so: clients take nothing else.
    'content-type': 'application/octet-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  },
  heartbeat: WATCH_HEARTBEAT,
  opening: () => undefined,
  ending: () => undefined,
};
