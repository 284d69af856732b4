import { systemClock } from '@leasehold/foundation';
import { FolderStore } from '@leasehold/object-store';

import { folderObject } from './folder-object.js';

/**
 * A process that is made to be killed: opens the folder given as argument and puts and deletes without end, from several writers at once, each
 * with objects of its own. Reports each acknowledged step to its parent.
 */
const WRITERS = 8;
const KEYS_PER_WRITER = 4;

const [directory = '', firstRound = '0'] = process.argv.slice(2);
const store = await FolderStore.open(directory, systemClock);
process.send?.({ type: 'open' });
process.on('disconnect', () => process.exit(0));

async function write(writer: number): Promise<never> {
  const etags = new Map<string, string>();
  for (const { key, etag } of (await store.list('')).objects) etags.set(key, etag);
  for (let round = Number(firstRound); ; round++) {
    const key = `writer/${writer}/${round % KEYS_PER_WRITER}`;
    const present = etags.get(key);
    if (present !== undefined && round % 7 === 0) {
      // Waits until it is in the pipe: then an absent object without this report is a lost one.
      await new Promise((resolve) => process.send?.({ type: 'deleting', key, round }, resolve));
      await store.delete(key);
      etags.delete(key);
      process.send?.({ type: 'deleted', key, round });
      continue;
    }
    const answer = await store.put(
      key,
      folderObject(key, round),
      present === undefined ? 'create' : { match: present },
    );
    if (answer.outcome !== 'done') throw new Error(`put was ${answer.outcome}`);
    etags.set(key, answer.etag);
    process.send?.({ type: 'put', key, round });
  }
}

await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
