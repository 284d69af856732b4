import type { KeyedEntryText } from '../../history/history.js';
import { ACCOUNTS, MONEY, readValue } from '../../history/values.js';
import { nameOf } from '../course/calls.js';
import type { Course } from '../course/course.js';
import { counterOf } from '../model/counter.js';
import { rangeHolds, rangesMeet } from '../model/range.js';

/** In every snapshot and after every commit the accounts are all there and hold the same sum together, from the version on that opened them. */
export function bank({ database, known }: Course): readonly string[] {
  const { calls, commits = [], tag } = database;
  const views: {
    readonly name: string;
    readonly sequence: number;
    readonly values: readonly (string | undefined)[];
  }[] = [];
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
  let isOpen = false;
  return views
    .sort((a, b) => a.sequence - b.sequence)
    .flatMap(({ name, values }) => {
      isOpen ||= values.some((value) => value !== undefined);
      const fault = isOpen ? faultOf(values, tag) : undefined;
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
  if (balances.includes(undefined)) return `an account holds no money: ${balances.join(', ')}`;
  const sum = balances.reduce<bigint>((total, balance) => BigInt.asUintN(64, total + (balance ?? 0n)), 0n);
  return sum === MONEY ? undefined : `the accounts hold ${balances.join(' + ')} = ${sum}, not ${MONEY}`;
}

/** Written as a decimal by a call, or counted. */
function balanceOf(tag: string, value: string): bigint | undefined {
  const content = readValue(tag, value)?.content;
  if (content !== undefined && /^-?\d{1,20}$/.test(content)) return BigInt(content);
  return counterOf(tag, value);
}
