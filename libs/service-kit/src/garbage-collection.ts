import { setFlagsFromString } from 'node:v8';

/** What collections are told, for short answers rather than for a small heap. */
export const COLLECTION_FLAGS = [
  // Of requests little survives: half a millisecond of work for the thread that serves.
  '--no-parallel-scavenge',
  // The old heap may have four times of what is alive, which V8 itself gives to one that fills fast. Requests leave little there, and
  // then V8 gives it a tenth more: a gateway of 40 MB stopped for some 50 ms every few seconds.
  '--heap-growing-percent=300',
] as const;

/**
 * From now on garbage is collected in short pauses, and old garbage seldom. By default V8 shares collections out to helpers, whatever
 * processors there are. Where a process has one, or shares it with others, its helpers take turns with the thread that serves
 * (docs/decisions). The limit of the heap, `--max-old-space-size`, holds as before.
 *
 * V8 looks at these flags at each collection, so they may be set at any time.
 */
export function collectInShortPauses(): void {
  for (const flag of COLLECTION_FLAGS) setFlagsFromString(flag);
}
