import { bucketLayout } from '@leasehold/bucket-layout';
import type { Pin } from '@leasehold/engine';
import { decodePin } from '@leasehold/engine';
import type { DatabaseId, Ulid } from '@leasehold/foundation';
import { CorruptBytesError, forEachBounded } from '@leasehold/foundation';

import type { ScrubContext } from './context.js';
import { readDecoded } from './read-decoded.js';
import { listObjects } from './walk-bucket.js';

const PINS_AT_ONCE = 8;

export interface PinsOfFolder {
  /** What some pin holds. A pin may also name what was gone before it came (G2). */
  readonly files: ReadonlySet<Ulid>;
  /** By the pin's name, why it cannot be read. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** @param names of pins in the folder @throws StoreUnavailableError */
export async function readPins(
  ctx: ScrubContext,
  folder: DatabaseId,
  names: Iterable<string> | AsyncIterable<string>,
): Promise<PinsOfFolder> {
  const files = new Set<Ulid>();
  const unreadable = new Map<string, string>();
  await forEachBounded(names, PINS_AT_ONCE, async (name) => {
    const id = name.slice(bucketLayout.pins(folder).length);
    const pin = await readDecoded(ctx, name, (body) => ownPin(decodePin(body), folder, id));
    if (pin === undefined) return;
    if ('why' in pin) unreadable.set(name, pin.why);
    else for (const file of pin.value.files) files.add(file);
  });
  return { files, unreadable };
}

/** @throws StoreUnavailableError */
export function readAllPins(ctx: ScrubContext, folder: DatabaseId): Promise<PinsOfFolder> {
  return readPins(ctx, folder, namesOf(listObjects(ctx.store, bucketLayout.pins(folder), ctx.signal)));
}

async function* namesOf(objects: AsyncIterable<{ readonly key: string }>): AsyncGenerator<string> {
  for await (const { key } of objects) yield key;
}

function ownPin(pin: Pin, folder: DatabaseId, id: string): Pin {
  if (pin.folder !== folder || pin.id !== id) throw new CorruptBytesError('pin belongs to another place');
  return pin;
}
