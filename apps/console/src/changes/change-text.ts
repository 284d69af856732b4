import type { ByteChange } from '@leasehold/client';

import { textOfKey, type KeyView } from '../data/key-text.js';
import { previewOf } from '../data/value-text.js';
import { formatUtc } from '../parts/format.js';

export interface ChangeText {
  readonly what: string;
  readonly key: string;
  readonly value: string;
}

export function textOfChange(change: ByteChange, view: KeyView): ChangeText {
  switch (change.op) {
    case 'put': {
      const { expiresAt } = change;
      const what = expiresAt === undefined ? 'put' : `put, until ${formatUtc(expiresAt)}`;
      return { what, key: textOfKey(change.key, view), value: previewOf(change.value) };
    }
    case 'delete':
      return { what: 'delete', key: textOfKey(change.key, view), value: '' };
    case 'deleteRange': {
      const end = change.end === undefined ? 'the last key' : textOfKey(change.end, view);
      return { what: 'delete range', key: `${textOfKey(change.start, view) || 'the first key'} to ${end}`, value: '' };
    }
  }
}
