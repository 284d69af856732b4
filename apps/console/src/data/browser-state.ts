import { useMemo } from 'react';

import { useUrlState } from '../state/url-state.js';
import { base64UrlOf, bytesOfBase64Url } from './bytes.js';
import { KEY_VIEWS, type KeyView } from './key-text.js';

/** What the data browser shows, as the address has it. */
export interface BrowserState {
  /** Only keys that begin so; empty: all. */
  readonly prefix: Uint8Array;
  readonly setPrefix: (prefix: Uint8Array) => void;
  /** Undefined: what the keys look like decides. */
  readonly view: KeyView | undefined;
  readonly setView: (view: KeyView) => void;
  /** The entry that is open; undefined: none. */
  readonly key: Uint8Array | undefined;
  readonly setKey: (key: Uint8Array | undefined) => void;
  /** Which state; undefined: the present. */
  readonly at: Date | undefined;
  readonly setAt: (at: Date | undefined) => void;
}

const NOTHING = new Uint8Array(0);

export function useBrowserState(): BrowserState {
  const [prefix64, setPrefix64] = useUrlState('prefix');
  const [viewText, setViewText] = useUrlState('view');
  const [key64, setKey64] = useUrlState('key');
  const [atText, setAtText] = useUrlState('at');
  return useMemo(() => {
    const instant = new Date(atText);
    return {
      prefix: bytesOfBase64Url(prefix64) ?? NOTHING,
      setPrefix: (prefix) => setPrefix64(base64UrlOf(prefix)),
      view: KEY_VIEWS.find((view) => view === viewText),
      setView: setViewText,
      key: key64 === '' ? undefined : bytesOfBase64Url(key64),
      setKey: (key) => setKey64(key === undefined ? '' : base64UrlOf(key)),
      at: atText === '' || Number.isNaN(instant.getTime()) ? undefined : instant,
      setAt: (at) => setAtText(at === undefined ? '' : at.toISOString()),
    };
  }, [prefix64, setPrefix64, viewText, setViewText, key64, setKey64, atText, setAtText]);
}
