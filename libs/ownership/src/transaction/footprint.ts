import type { Span } from './key-ranges.js';
import { anySpanHolds, joinedSpans, spanOf, spansMeet } from './key-ranges.js';
import { keyText } from './key-text.js';
import type { Transaction } from './transaction.js';
import { versionstampedSpan } from './versionstamped-key.js';

/** Everything that a transaction looks at or changes. Two that touch nothing in common can be decided in either order. */
export interface Footprint {
  /** By their text, so that one look tells. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
  /** Joined, so that a search tells. */
  readonly spans: readonly Span[];
  readonly idempotencyKey: string | undefined;
}

export function footprintOf({ checks, ops, idempotencyKey }: Transaction): Footprint {
  const keys = new Map<string, Uint8Array>();
  const spans: Span[] = [];
  for (const part of [...checks, ...ops]) {
    if ('op' in part && part.op === 'putVersionstamped') spans.push(versionstampedSpan(part.key));
    else if ('key' in part) keys.set(keyText(part.key), part.key);
    else {
      const span = spanOf(part.range);
      if (span !== undefined) spans.push(span);
    }
  }
  return { keys, spans: joinedSpans(spans), idempotencyKey: idempotencyKey && keyText(idempotencyKey.key) };
}

export function footprintsMeet(a: Footprint, b: Footprint): boolean {
  if (a.idempotencyKey !== undefined && a.idempotencyKey === b.idempotencyKey) return true;
  const [fewer, more] = a.keys.size < b.keys.size ? [a, b] : [b, a];
  for (const text of fewer.keys.keys()) if (more.keys.has(text)) return true;
  return spansMeet(a.spans, b.spans) || holdAny(a.spans, b) || holdAny(b.spans, a);
}

function holdAny(spans: readonly Span[], { keys }: Footprint): boolean {
  if (spans.length === 0) return false;
  for (const key of keys.values()) if (anySpanHolds(spans, key)) return true;
  return false;
}
