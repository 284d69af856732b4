const HOUR_SECONDS = 60 * 60;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** What people may decide about a database (docs/databases.md). */
export const DATABASE_LIMITS = {
  /** Beginning with a letter or a digit, and without a colon, so that `label=key:value` can be read. */
  labelKey: /^[a-z0-9][a-z0-9._/-]{0,62}$/,
  labelValueChars: 255,
  /** What is kept of the past is paid for: a month. */
  retentionSeconds: 30 * DAY_SECONDS,
  /** What one worker can serve well (docs/formats/head.md). */
  sizeLimitBytes: 10_000_000_000,
  /** A gateway that has lost the control plane knows a database for a quarter of an hour at most: the purge must not begin within it. */
  minUndeleteSeconds: HOUR_SECONDS,
  maxUndeleteSeconds: 30 * DAY_SECONDS,
  lifetimeYears: 10,
} as const;
