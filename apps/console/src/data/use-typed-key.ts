import { useEffect, useState } from 'react';

import { keyOfText, textOfKey, type KeyView } from './key-text.js';

/** A key, or the beginning of some, while it is typed. */
export interface TypedKey {
  readonly text: string;
  readonly type: (text: string) => void;
  /** Undefined: nothing is typed, or what is typed is no key. */
  readonly key: Uint8Array | undefined;
  /** Whether something is typed that is no key in this view. */
  readonly isWrong: boolean;
}

/** @param present shown until something else is typed, and again when it changes */
export function useTypedKey(present: Uint8Array | undefined, view: KeyView): TypedKey {
  const presentText = present === undefined ? '' : textOfKey(present, view);
  const [text, type] = useState(presentText);
  useEffect(() => type(presentText), [presentText]);
  // What the view cannot show stands there as digits: it is still that key.
  const key = text === presentText ? present : keyOfText(text, view);
  return { text, type, key, isWrong: text !== '' && key === undefined };
}
