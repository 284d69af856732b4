import type { CommitText, DatabaseHistory, VersionText } from '../../history/history.js';
import { KEY_KINDS, readValue } from '../../history/values.js';
import { acknowledgedAt, isTransaction, nameOf } from '../course/calls.js';
import type { Course } from '../course/course.js';

/** Between the items of a list, which are the content of its value; the last item is what its writer has appended. */
const ITEM_SEPARATOR = ',';

interface List {
  readonly version: VersionText;
  readonly items: readonly string[];
  readonly shownBy: string;
}

/**
 * Each list that anybody has seen or committed begins with what was there at every lower version; no item is in it twice, and each that was
 * acknowledged is in the newest one.
 */
export function listAppend({ database }: Course): readonly string[] {
  const lists = new Map<string, Map<string, List>>();
  const see = (key: string, value: string, version: VersionText, shownBy: string): void => {
    const items = key.startsWith(KEY_KINDS.list) ? itemsOf(database.tag, value) : undefined;
    if (items === undefined) return;
    const seen = lists.get(key) ?? new Map<string, List>();
    lists.set(key, seen);
    const place = `${version.sequence} ${value}`;
    if (!seen.has(place)) seen.set(place, { version, items, shownBy });
  };
  seeAll(database, see);
  const appended = appendedItems(database);
  return [...lists].flatMap(([key, seen]) => faultsOfList(key, [...seen.values()], appended.get(key) ?? []));
}

function seeAll(
  { calls, commits = [] }: DatabaseHistory,
  see: (...list: [string, string, VersionText, string]) => void,
) {
  const seeCommit = ({ version, entries }: CommitText, shownBy: string): void => {
    for (const { key, kind, value } of entries) if (kind === 'put') see(key, value, version, shownBy);
  };
  for (const commit of commits) seeCommit(commit, 'the commit');
  for (const call of calls) {
    const { id, request, answer } = call;
    if (answer.kind === 'entry' && answer.entry !== undefined && request.kind === 'get')
      see(request.key, answer.entry.value, answer.entry.version, id);
    if (answer.kind === 'snapshot') for (const { key, value, version } of answer.entries) see(key, value, version, id);
    if (answer.kind === 'feed') for (const commit of answer.commits) seeCommit(commit, id);
    const version = isTransaction(call) ? acknowledgedAt(call) : undefined;
    if (version === undefined || request.kind !== 'transact') continue;
    for (const op of request.ops) if (op.op === 'put') see(op.key, op.value, version, id);
  }
}

/** By key: what was acknowledged to be in the list. */
function appendedItems({ calls, tag }: DatabaseHistory): ReadonlyMap<string, readonly string[]> {
  const appended = new Map<string, string[]>();
  for (const call of calls) {
    if (!isTransaction(call) || acknowledgedAt(call) === undefined) continue;
    for (const op of call.request.ops) {
      const item = op.op === 'put' && op.key.startsWith(KEY_KINDS.list) ? itemsOf(tag, op.value)?.at(-1) : undefined;
      if (op.op !== 'put' || item === undefined) continue;
      appended.set(op.key, [...(appended.get(op.key) ?? []), item]);
    }
  }
  return appended;
}

function faultsOfList(key: string, seen: List[], appended: readonly string[]): string[] {
  const faults: string[] = [];
  const lists = seen.sort((a, b) => a.version.sequence - b.version.sequence);
  for (const [i, list] of lists.entries()) {
    const before = lists[i - 1];
    if (new Set(list.items).size < list.items.length) faults.push(`${key} holds an item twice: ${wordsOf(list)}`);
    if (before !== undefined && !before.items.every((item, place) => list.items[place] === item))
      faults.push(`${key} is not continued: ${wordsOf(before)}, then ${wordsOf(list)}`);
  }
  const last = lists.at(-1);
  if (last === undefined) return faults;
  const final = new Set(last.items);
  for (const item of appended) {
    if (!final.has(item)) faults.push(`${key} has lost ${item}, which was acknowledged: ${wordsOf(last)}`);
  }
  return faults;
}

function itemsOf(tag: string, value: string): readonly string[] | undefined {
  return readValue(tag, value)
    ?.content.split(ITEM_SEPARATOR)
    .filter((item) => item !== '');
}

function wordsOf({ version, items, shownBy }: List): string {
  return `${nameOf(version)} of ${shownBy} [${items.join(ITEM_SEPARATOR)}]`;
}
