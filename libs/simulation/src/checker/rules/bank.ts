import type { KeyedEntryText } from '../../history/history.js';
import { ACCOUNTS, MONEY, readValue } from '../../history/values.js';
import { nameOf } from '../course/calls.js';
import type { Course } from '../course/course.js';
import { rangeHolds, rangesMeet } from '../model/range.js';

const BALANCE = /^-?\d{1,20}$/;

/** What somebody saw of the accounts, or what there was. */
interface View {
  readonly name: string;
  readonly sequence: number;
  readonly values: readonly (string | undefined)[];
}

/** In every snapshot and after every commit the accounts are all there and hold the same sum together, from the version on that opened them. */
export function bank({ database, known }: Course): readonly string[] {
  const { calls, commits = [], tag } = database;
  const views: View[] = [];
  for (const { id, request, answer } of calls) {
    if (request.kind !== 'snapshot' || answer.kind !== 'snapshot') continue;
    if (!ACCOUNTS.every((key) => rangeHolds(request.range, key))) continue;
    const { sequence } = answer.version;
    views.push({ name: `${id} of ${nameOf(answer.version)}`, sequence, values: valuesIn(answer.entries) });
  }
  for (const { version, entries, rangeDeletes } of known === undefined ? [] : commits) {
    const isTouched =
      entries.some(({ key }) => isAccount(key)) ||
      rangeDeletes.some((range) => rangesMeet(range, { start: ACCOUNTS[0], end: `${ACCOUNTS[2]}\0` }));
    if (!isTouched) continue;
    const values = ACCOUNTS.map((key) => known?.replay.heldAt(key, version.sequence)?.value);
    views.push({ name: `the state of ${nameOf(version)}`, sequence: version.sequence, values });
  }
  const isOpen = ({ values }: View): boolean => values.some((value) => value !== undefined);
  const openedAt = Math.min(...views.filter(isOpen).map(({ sequence }) => sequence));
  return views.flatMap(({ name, sequence, values }) => {
    const fault = sequence >= openedAt ? faultOf(values, tag) : undefined;
    return fault === undefined ? [] : [`${name}: ${fault}`];
  });
}

function isAccount(key: string): boolean {
  return (ACCOUNTS as readonly string[]).includes(key);
}

function valuesIn(entries: readonly KeyedEntryText[]): readonly (string | undefined)[] {
  return ACCOUNTS.map((account) => entries.find(({ key }) => key === account)?.value);
}

function faultOf(values: readonly (string | undefined)[], tag: string): string | undefined {
  const missing = ACCOUNTS.filter((_, i) => values[i] === undefined);
  if (missing.length > 0) return `${missing.join(', ')} not there`;
  const balances = values.map((value) => balanceOf(tag, value ?? ''));
  const strange = ACCOUNTS.filter((_, i) => balances[i] === undefined);
  if (strange.length > 0) return `${strange.join(', ')} holds no money`;
  const sum = balances.reduce<bigint>((total, balance) => total + (balance ?? 0n), 0n);
  return sum === MONEY ? undefined : `the accounts hold ${balances.join(' + ')} = ${sum}, not ${MONEY}`;
}

function balanceOf(tag: string, value: string): bigint | undefined {
  const content = readValue(tag, value)?.content;
  return content !== undefined && BALANCE.test(content) ? BigInt(content) : undefined;
}
