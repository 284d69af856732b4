import { answerOf, control, type Schemas } from '../api/control.js';
import { usePages } from '../api/pages.js';

export type ApiKey = Schemas['ApiKeyPage']['keys'][number];

export const KEYS = ['keys'] as const;

/** The organization's API keys, revoked ones too, oldest first. */
export function useKeyList() {
  return usePages([...KEYS], (page, signal) => answerOf(control.GET('/v1/keys', { signal, params: { query: page } })));
}

export type KeyState = 'live' | 'expired' | 'revoked';

export function stateOf({ revokedAt, expiresAt }: ApiKey, nowMs: number): KeyState {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? 'expired' : 'live';
}
