import { describe, expect, it } from '@jest/globals';

import { ADMINS, EVERYBODY, PEOPLE, type Role } from '../auth/access.js';
import { accessRows, COLUMNS, type Column } from '../testing/access/access-table.js';
import { CONTROL_ROUTES } from './control-document.js';
import { OPERATORS, type ControlRoute } from './control-route.js';

/** Open to every member for oneself, and the table asks for another. */
const FOR_ONESELF = 'DELETE /v1/members/:id';
const rows = new Map(accessRows().map(({ route, expected }) => [route, expected]));

/** Whom a route is said to be for. */
function isFor({ route, who }: ControlRoute, column: Column): boolean {
  if (who === EVERYBODY) return true;
  if (column === 'nobody') return false;
  if (who === OPERATORS) return column === 'operator';
  // Both own an organization.
  if (column === 'operator' || column === 'foreign') return true;
  if (who === PEOPLE) return !column.includes(':');
  const roles: readonly Role[] = route === FOR_ONESELF ? ADMINS : who.roles;
  return [...roles, ...who.scopes].some((name) => name === column);
}

describe('who may call a route of the document', () => {
  it.each(CONTROL_ROUTES)('is as the access table has it: $route', (route) => {
    const expected = rows.get(route.route);
    const statuses = COLUMNS.map((column) => expected?.get(column));
    if (route.who === EVERYBODY) {
      // Nobody is refused for who they are: all are answered alike.
      expect([expected?.size, new Set(statuses).size]).toEqual([COLUMNS.length, 1]);
      return;
    }
    const told = COLUMNS.map((column) => [column, isFor(route, column)]);
    const isRefused = (column: Column) => (column === 'nobody' ? 401 : 403) === expected?.get(column);
    expect(COLUMNS.map((column) => [column, !isRefused(column)])).toEqual(told);
  });

  it('is answered with the status that the access table has', () => {
    const wrong = CONTROL_ROUTES.filter(({ route, status }) => {
      const successes = [...(rows.get(route)?.values() ?? [])].filter((answered) => answered < 300);
      return successes.some((answered) => answered !== status);
    });
    expect(wrong.map(({ route }) => route)).toEqual([]);
  });
});
