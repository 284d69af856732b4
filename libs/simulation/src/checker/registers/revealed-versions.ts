import type { DatabaseHistory, VersionText } from '../../history/history.js';
import { isCounted } from '../../history/values.js';
import { writerOf } from '../model/writer-of.js';

export interface Revealed {
  readonly version: VersionText;
  /** When the first of those who were shown it had ended. */
  readonly endedAt: number;
}

/**
 * By call id: the version at which a value that the call wrote was shown. So what became of a transaction of unknown outcome is known, for all
 * of its keys at once.
 */
export function revealedVersions({ calls, tag }: DatabaseHistory): ReadonlyMap<string, Revealed> {
  const revealed = new Map<string, Revealed>();
  const see = (key: string, value: string, version: VersionText, endedAt: number): void => {
    if (isCounted(key)) return;
    const callId = writerOf(tag, value);
    if (callId === undefined) return;
    const known = revealed.get(callId);
    if (known === undefined) revealed.set(callId, { version, endedAt });
    else if (endedAt < known.endedAt) revealed.set(callId, { version: known.version, endedAt });
  };
  for (const { request, answer, endedAt } of calls) {
    if (answer.kind === 'entry' && answer.entry !== undefined && request.kind === 'get')
      see(request.key, answer.entry.value, answer.entry.version, endedAt);
    if (answer.kind === 'snapshot')
      for (const { key, value, version } of answer.entries) see(key, value, version, endedAt);
  }
  return revealed;
}
