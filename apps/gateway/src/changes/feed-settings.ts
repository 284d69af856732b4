/** Bounds of the change feeds of one gateway; each default says why that number. */
export interface FeedSettings {
  /** At a time. Each holds a connection of its client and one to a worker, some 50 KiB together. */
  readonly maxFeeds: number;
  /** Of one tenant at this gateway: a twentieth, so that no few of them take all places. */
  readonly maxTenantFeeds: number;
  /** Text of parts that clients have yet to take. A part has 4 MiB of keys and values, up to 24 MiB of text. */
  readonly maxPartsBytes: number;
  /** Of one tenant: its slow readers hold up itself, before anybody else. Above the largest part. */
  readonly maxTenantPartsBytes: number;
  /** How long a worker waits for a commit before it answers that there was none. Below the time for which proxies let a connection be silent. */
  readonly waitMs: number;
  /** A comment after so much silence; also how often the rights of a silent feed are looked at again. */
  readonly heartbeatMs: number;
  /** Between two parts that told nothing: where a worker cannot wait, nobody asks it in a circle. */
  readonly emptyPauseMs: number;
  /** For how long a feed is kept that no worker serves, before its client is told. Above several takeovers. */
  readonly maxTroubleMs: number;
  /** A client has so long to take a part, and a little more for its size. */
  readonly takeMs: number;
  /** The slowest client that is waited for. */
  readonly minTakenBytesPerMs: number;
  /** After that a feed ends and its client resumes, elsewhere perhaps: so the feeds spread again over gateways. */
  readonly lifetimeMs: number;
  /** What a client that is not told otherwise waits before it resumes. */
  readonly retryMs: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_FEED_SETTINGS: FeedSettings = {
  maxFeeds: 2_000,
  maxTenantFeeds: 100,
  maxPartsBytes: 128 * MIB,
  maxTenantPartsBytes: 32 * MIB,
  waitMs: 25_000,
  heartbeatMs: 15_000,
  emptyPauseMs: 250,
  maxTroubleMs: 60_000,
  takeMs: 60_000,
  minTakenBytesPerMs: 64,
  lifetimeMs: 3_600_000,
  retryMs: 2_000,
};
