import { describe, expect, it } from '@jest/globals';

import { PostgresView } from './postgres-view.js';

const SERVER = '1732822000.123456';
const at = (transaction: number, server = SERVER) => `${server}/${transaction}`;
const seen = (snapshot: string, position: string) => PostgresView.of(`${SERVER}/${snapshot}`)?.includes(position);

describe('a view of Postgres', () => {
  it('includes what had ended, and neither who was under way nor who came later', () => {
    const answers = [99, 100, 101, 102, 103, 104].map((transaction) => seen('100:103:100,102', at(transaction)));
    expect(answers).toEqual([true, false, true, false, false, false]);
  });

  it('includes everything before it where nobody was under way', () => {
    expect([seen('103:103:', at(102)), seen('103:103:', at(103))]).toEqual([true, false]);
  });

  it('tells numbers apart that are larger than a double is exact', () => {
    const end = '9007199254740993';
    expect(seen(`${end}:${end}:`, `${SERVER}/9007199254740992`)).toBe(true);
    expect(seen(`${end}:${end}:`, `${SERVER}/${end}`)).toBe(false);
  });

  it('includes nothing of another server, which may give the same numbers to others', () => {
    expect(seen('103:103:', at(5, '1732822000.123457'))).toBe(false);
  });

  it('stays short however many are under way, and includes then what had ended before the first of them', () => {
    const named = Array.from({ length: 17 }, (_, i) => 100 + 2 * i).join();
    expect([99, 100, 101, 131].map((transaction) => seen(`100:140:${named}`, at(transaction)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('is none where the server says none, and includes nothing that has no place', () => {
    expect([null, '', 'x/1:2:', `${SERVER}/1:2`].map((text) => PostgresView.of(text))).toEqual(
      Array(4).fill(undefined),
    );
    for (const position of ['', SERVER, `${SERVER}/`, `${SERVER}/x`, '5'])
      expect(seen('103:103:', position)).toBe(false);
  });
});
