import { describe, expect, it } from '@jest/globals';
import type { AuditEntry } from '@leasehold/metadata';

import { AUDIT_CSV, AUDIT_JSON_LINES } from './audit-format.js';

const entry: AuditEntry = {
  ...{
    id: '7',
    at: new Date(0),
    organizationId: 'o',
    actorKind: 'user',
    actorId: 'u',
    actorName: '=cmd|x@example.com',
    sessionId: 's',
  },
  ...{ address: '192.0.2.1', agent: '@SUM(A1), "quoted"', requestId: 'r', action: 'database.changed' },
  ...{ subjectKind: 'database', subjectId: 'd', subjectName: 'orders' },
  ...{ before: { delete_protection: false }, after: null },
};

describe('an audit entry in a file', () => {
  it('is a row with a field for each column, and nothing that a spreadsheet would run', () => {
    const row = AUDIT_CSV.lineOf(entry);
    expect(row).toBe(
      `7,1970-01-01T00:00:00.000Z,user,u,'=cmd|x@example.com,s,192.0.2.1,"'@SUM(A1), ""quoted""",r,database.changed,` +
        `database,d,orders,"{""deleteProtection"":false}",\r\n`,
    );
    // One comma stands inside the quoted agent.
    expect(AUDIT_CSV.head.split(',')).toHaveLength(row.split(',').length - 1);
  });

  it('is a line of JSON', () => {
    expect(JSON.parse(AUDIT_JSON_LINES.lineOf(entry))).toMatchObject({ id: '7', before: { deleteProtection: false } });
    expect(AUDIT_JSON_LINES.head).toBe('');
  });
});
