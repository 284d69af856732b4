import { useState } from 'react';

/**
 * What the link of a mail carries behind `#`, which browsers send to no server. Taken off the address at once: whoever looks over a
 * shoulder, or at the history, finds none.
 */
export function useLinkToken(): string {
  const [token] = useState(() => decodeURIComponent(window.location.hash.slice(1)));
  if (window.location.hash !== '') {
    window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
  }
  return token;
}
