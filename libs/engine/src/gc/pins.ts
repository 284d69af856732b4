import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, Ulid } from '@leasehold/foundation';
import { CorruptBytesError, LeaseholdError, UlidSource } from '@leasehold/foundation';
import type { ObjectStore, SettleContext } from '@leasehold/object-store';
import { settleCreate } from '@leasehold/object-store';

import type { Head } from '../format/head.js';
import { isUlid } from '../format/sst-ref.js';
import { filesOf } from '../head/file-ids.js';
import { HeadStore } from '../head/head-store.js';
import type { Pin, PinPurpose } from './pin.js';
import { decodePin, encodePin, PIN_NONCE_BYTES } from './pin.js';

/** Pins of one folder that gc reads, one GET each; past it gc deletes nothing there. */
export const MOST_PINS = 1_000;

const PIN_TRIES = 8;
const GETS_IN_FLIGHT = 8;

/** What somebody has pinned in the folder; undefined when there is a pin that cannot be read, or too many: then everything counts as pinned. */
export async function pinnedFiles(store: ObjectStore, folder: DatabaseId): Promise<ReadonlySet<Ulid> | undefined> {
  const names = await listPins(store, folder);
  if (names === undefined) return undefined;
  const pinned = new Set<Ulid>();
  for (let i = 0; i < names.length; i += GETS_IN_FLIGHT) {
    const pins = await Promise.all(names.slice(i, i + GETS_IN_FLIGHT).map((name) => readPin(store, folder, name)));
    for (const pin of pins) {
      if (pin === 'unreadable') return undefined;
      for (const id of pin?.files ?? []) pinned.add(id);
    }
  }
  return pinned;
}

/** Some pins of a folder, for people. */
export interface PinsLook {
  /** By id, which is by time. */
  readonly pins: readonly Pin[];
  /** Of those looked at: damaged. While there is one, gc deletes nothing in the folder. */
  readonly unreadable: number;
  /** There are others behind them. */
  readonly hasMore: boolean;
}

/** The first pins of a folder: one LIST, and a GET each, some at a time. @param most up to a page of a LIST. @throws StoreUnavailableError */
export async function lookAtPins(store: ObjectStore, folder: DatabaseId, most: number): Promise<PinsLook> {
  const { objects, truncated } = await store.list(bucketLayout.pins(folder), { limit: most });
  const pins: Pin[] = [];
  let unreadable = 0;
  for (let i = 0; i < objects.length; i += GETS_IN_FLIGHT) {
    const read = objects.slice(i, i + GETS_IN_FLIGHT).map(({ key }) => readPin(store, folder, key));
    for (const pin of await Promise.all(read)) {
      if (pin === 'unreadable') unreadable++;
      else if (pin !== undefined) pins.push(pin);
    }
  }
  return { pins, unreadable, hasMore: truncated };
}

/**
 * Pins the files that the database's head names in its own folder (G2): the pin is created, then the head is read again; a file that is gone
 * from it may be deleted already, so the pin is taken back and everything begins anew. What the head holds inline is the caller's to copy.
 *
 * @returns the pin with the head that it holds; undefined when there is no head
 * @throws UnknownOutcomeError: a pin may be left behind, which costs room only
 */
export async function pinDatabase(
  ctx: SettleContext,
  folder: DatabaseId,
  { holder, purpose }: { readonly holder: DatabaseId; readonly purpose: PinPurpose },
): Promise<{ readonly pin: Pin; readonly head: Head } | undefined> {
  const heads = new HeadStore(ctx);
  const ids = new UlidSource(ctx.clock, ctx.random);
  let stored = await heads.load(folder);
  for (let tries = 0; tries < PIN_TRIES; tries++) {
    if (stored === undefined) return undefined;
    const { head } = stored;
    const own = [...filesOf(head)].filter((ref) => ref.folder === undefined).map(({ id }) => id);
    const { sequence } = head.lastCommit;
    const pin: Pin = { id: ids.next(), folder, holder, purpose, sequence, createdAt: ctx.clock.now(), files: own };
    const created = await settleCreate(ctx, nameOf(pin), encodePin(pin, ctx.random.bytes(PIN_NONCE_BYTES)));
    if (created.outcome !== 'done') continue;
    stored = await heads.load(folder);
    const present = new Set(stored === undefined ? [] : [...filesOf(stored.head)].map(({ id }) => id));
    if (stored !== undefined && own.every((id) => present.has(id))) return { pin, head };
    await ctx.store.delete(nameOf(pin));
  }
  throw new LeaseholdError('conflict', 'conflict', `files left the head at each of our tries: ${PIN_TRIES}`);
}

/** From here on gc may delete what only this pin held. */
export async function unpin(store: ObjectStore, pin: Pick<Pin, 'folder' | 'id'>): Promise<void> {
  await store.delete(nameOf(pin));
}

function nameOf({ folder, id }: Pick<Pin, 'folder' | 'id'>): string {
  return `${bucketLayout.pins(folder)}${id}`;
}

async function listPins(store: ObjectStore, folder: DatabaseId): Promise<readonly string[] | undefined> {
  const names: string[] = [];
  let startAfter: string | undefined;
  for (;;) {
    const page = await store.list(bucketLayout.pins(folder), startAfter === undefined ? {} : { startAfter });
    names.push(...page.objects.map(({ key }) => key));
    startAfter = page.objects.at(-1)?.key;
    if (names.length > MOST_PINS) return undefined;
    if (!page.truncated || startAfter === undefined) return names;
  }
}

/** Undefined: taken back meanwhile. */
async function readPin(store: ObjectStore, folder: DatabaseId, name: string): Promise<Pin | 'unreadable' | undefined> {
  const object = await store.get(name);
  if (object === undefined || object === 'not-modified') return undefined;
  const id = name.slice(bucketLayout.pins(folder).length);
  try {
    const pin = decodePin(object.body);
    return isUlid(id) && pin.id === id && pin.folder === folder ? pin : 'unreadable';
  } catch (error) {
    if (error instanceof CorruptBytesError) return 'unreadable';
    throw error;
  }
}
