import { useMemo } from 'react';

import { useUrlState } from '../state/url-state.js';
import { base64UrlOf, bytesOfBase64Url } from './bytes.js';
import { addressOfRange, rangeOfAddress, type KeyRange } from './key-range.js';
import { KEY_VIEWS, type KeyView } from './key-text.js';

/** What the data browser shows, as the address has it. */
export interface BrowserState {
  /** Only keys that begin so; empty: all. */
  readonly prefix: Uint8Array;
  readonly setPrefix: (prefix: Uint8Array) => void;
  /** Only keys that lie in it. */
  readonly range: KeyRange;
  readonly setRange: (range: KeyRange) => void;
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
  const [rangeText, setRangeText] = useUrlState('range');
  const [viewText, setViewText] = useUrlState('view');
  const [key64, setKey64] = useUrlState('key');
  const [atText, setAtText] = useUrlState('at');
  // Each by itself, so that it stays the same bytes whatever else changes: what is another prefix or state is read anew.
  const prefix = useMemo(() => bytesOfBase64Url(prefix64) ?? NOTHING, [prefix64]);
  const range = useMemo(() => rangeOfAddress(rangeText), [rangeText]);
  const key = useMemo(() => (key64 === '' ? undefined : bytesOfBase64Url(key64)), [key64]);
  const at = useMemo(() => instantOf(atText), [atText]);
  return {
    prefix,
    setPrefix: (chosen) => setPrefix64(base64UrlOf(chosen)),
    range,
    setRange: (chosen) => setRangeText(addressOfRange(chosen)),
    view: KEY_VIEWS.find((view) => view === viewText),
    setView: setViewText,
    key,
    setKey: (chosen) => setKey64(chosen === undefined ? '' : base64UrlOf(chosen)),
    at,
    setAt: (chosen) => setAtText(chosen === undefined ? '' : chosen.toISOString()),
  };
}

function instantOf(text: string): Date | undefined {
  const instant = new Date(text);
  return text === '' || Number.isNaN(instant.getTime()) ? undefined : instant;
}
