import { connect, type Database } from '@leasehold/client';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

import { answerOf, control } from './control.js';
import { noticeEnd } from './query-client.js';
import { BUILDERS, useMay } from './session.js';

/** The control plane gives none for longer. */
const TOKEN_SECONDS = 900;
/** Somebody waits: after that they are told what is the matter. */
const TIMEOUT_MS = 20_000;

interface ConsoleConfig {
  readonly gatewayUrl: string | null;
}

/** Where the databases are reached; null: the control plane has not been told. */
export function useGatewayUrl() {
  return useQuery({
    queryKey: ['console-config'],
    staleTime: Infinity,
    queryFn: async () => {
      const response = await fetch('/console-config.json', { headers: { accept: 'application/json' } });
      if (!response.ok) throw new Error('The service does not say where its gateway is.');
      return ((await response.json()) as ConsoleConfig).gatewayUrl?.replace(/\/$/, '') ?? null;
    },
  });
}

/**
 * A database as an application sees it, behind the gateway, under short-lived tokens of the person who is logged in: no API key is made, and
 * none is in the browser. A token that has ended is replaced by itself. Undefined: not known yet, or not for this role.
 */
export function useData(name: string): Database | undefined {
  const { data: url } = useGatewayUrl();
  const mayWrite = useMay(BUILDERS);
  return useMemo(() => {
    if (!url || !mayWrite) return undefined;
    return connect({ url, database: name, timeoutMs: TIMEOUT_MS, token: () => tokenFor(name) });
  }, [url, name, mayWrite]);
}

async function tokenFor(database: string): Promise<string> {
  const body = { database, scopes: ['data:read' as const, 'data:write' as const], ttlSeconds: TOKEN_SECONDS };
  const { token } = await answerOf(control.POST('/v1/tokens', { body })).catch((error: unknown) => {
    noticeEnd(error);
    throw error;
  });
  if (token === null) throw new Error('The service did not tell the token.');
  return token;
}
