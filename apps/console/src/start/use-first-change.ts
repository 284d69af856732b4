import { useEffect, useState } from 'react';

import { useData } from '../api/data-plane.js';

/** The version of the first commit that happens while this is on screen; undefined while there is none. */
export function useFirstChange(database: string): string | undefined {
  const data = useData(database);
  const [version, setVersion] = useState<string>();
  useEffect(() => {
    if (data === undefined) return undefined;
    const end = new AbortController();
    void (async () => {
      try {
        for await (const change of data.bytes.changes({ signal: end.signal })) {
          setVersion(change.version);
          return;
        }
      } catch {
        // Left, or the feed is out of order: then nothing arrives, and that is what is shown.
      }
    })();
    return () => end.abort();
  }, [data]);
  return version;
}
