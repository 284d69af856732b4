import type { ByteCommitted, Database } from '@leasehold/client';
import { useEffect, useState } from 'react';

/** Commits that are kept on screen; older ones make room. */
export const MAX_COMMITS = 200;

export interface LiveChanges {
  /** The latest in front. */
  readonly commits: readonly ByteCommitted[];
  readonly error: Error | undefined;
}

const NONE: LiveChanges = { commits: [], error: undefined };

/**
 * What is committed while one looks.
 * @param data undefined: not to be followed now
 * @param prefix empty: of all keys
 * @param since a version, or `0` for all that is remembered; undefined: from now on
 */
export function useLiveChanges(data: Database | undefined, prefix: Uint8Array, since: string | undefined): LiveChanges {
  const [live, setLive] = useState(NONE);
  useEffect(() => {
    if (data === undefined) return undefined;
    const end = new AbortController();
    setLive(NONE);
    void follow(data, prefix, since, end.signal, setLive);
    return () => end.abort();
  }, [data, prefix, since]);
  return live;
}

async function follow(
  data: Database,
  prefix: Uint8Array,
  since: string | undefined,
  signal: AbortSignal,
  setLive: (next: (before: LiveChanges) => LiveChanges) => void,
): Promise<void> {
  try {
    const options = { signal, since, ...(prefix.length > 0 && { prefix }) };
    for await (const commit of data.bytes.changes(options)) {
      setLive(({ commits }) => ({ commits: [commit, ...commits].slice(0, MAX_COMMITS), error: undefined }));
    }
  } catch (error) {
    if (signal.aborted) return;
    setLive(({ commits }) => ({ commits, error: error instanceof Error ? error : new Error(String(error)) }));
  }
}
