import { LeaseholdError } from '@leasehold/client';

/**
 * @typedef {{ text: string }} Note
 * @typedef {import('@leasehold/client').Entry<Note>} NoteEntry
 * @typedef {import('@leasehold/client').Collection<Note>} NoteCollection
 *
 * @typedef {object} Listeners
 * @property {(notes: readonly NoteEntry[]) => void} onAll the newest first
 * @property {(note: NoteEntry) => void} onPut
 * @property {(isGone: (key: import('@leasehold/client').Key) => boolean) => void} onGone
 * @property {(state: 'live' | 'reconnecting') => void} onState
 */

/** The page shows so many, the newest. */
export const MAX_NOTES = 500;
/** A feed that has lived so long was a good one: the next failure is a first one again. */
const GOOD_FEED_MS = 1_000;
const BASE_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/**
 * All notes of one state, and then every commit after it, in order: nothing is missed in between and nothing comes twice. A feed ends with its token
 * and goes on with the next one from where it was.
 * @param {NoteCollection} notes @param {AbortSignal} signal ends it @param {Listeners} listeners
 */
export async function followNotes(notes, signal, { onAll, onPut, onGone, onState }) {
  /** @type {string | undefined} */
  let since;
  let failures = 0;
  while (!signal.aborted) {
    const startedAtMs = performance.now();
    try {
      if (since === undefined) {
        const { entries, version } = await notes.page({ reverse: true, limit: MAX_NOTES, signal });
        onAll(entries);
        since = version;
      }
      onState('live');
      for await (const { version, changes } of notes.changes({ since, signal })) {
        for (const change of changes) {
          if (change.op === 'put') onPut({ key: change.key, value: change.value, version });
          else if (change.op === 'delete') onGone((key) => `${key}` === `${change.key}`);
          else if (change.op === 'deleteRange') onGone((key) => change.includes(key));
        }
        since = version;
      }
    } catch (error) {
      if (signal.aborted) return;
      const code = error instanceof LeaseholdError ? error.code : undefined;
      // Away for longer than the database remembers: from the beginning.
      if (code === 'history-gone') since = undefined;
      failures = performance.now() - startedAtMs > GOOD_FEED_MS ? 1 : failures + 1;
      if (code === 'invalid-token' && failures === 1) continue;
      onState('reconnecting');
      await pause(Math.min(BASE_DELAY_MS * 2 ** failures, MAX_DELAY_MS));
    }
  }
}

/** @param {number} durationMs */
function pause(durationMs) {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
