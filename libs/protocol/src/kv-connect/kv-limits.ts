const KIB = 1024;
const MIB = 1024 * KIB;

/** What one request of KV Connect may ask for: the limits of Deno KV, so that what runs there runs here, and the other way round. */
export const KV_LIMITS = {
  readRanges: 10,
  /** Limits of the ranges of one read together. */
  readEntries: 1_000,
  /** Bounds of ranges: one byte more than a key, because the end of all that begins with the longest key is one longer. */
  boundBytes: 2_049,
  checks: 100,
  mutations: 1_000,
  keyBytes: 2_048,
  valueBytes: 64 * KIB,
  /** Keys and values of one write together. */
  writeBytes: 819_200,
  watchedKeys: 10,
  /** Keys and values of one answer: 500 of the largest values with the longest keys, the most that `@deno/kv` asks for at a time. */
  answerBytes: 34 * MIB,
  /** Bodies: what is allowed in them, and what stands between. */
  exchangeBodyBytes: 16 * KIB,
  readBodyBytes: 64 * KIB,
  writeBodyBytes: MIB,
  watchBodyBytes: 32 * KIB,
} as const;
