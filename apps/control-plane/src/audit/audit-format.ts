import type { AuditEntry } from '@leasehold/metadata';

import { csvLine, type CsvField } from '../requests/csv.js';
import { viewOf, type AuditView } from './audit-view.js';

/** How entries are written into a file: what stands in front, and each of them in a line. */
export interface AuditFormat {
  readonly mediaType: string;
  readonly fileName: string;
  readonly head: string;
  lineOf(entry: AuditEntry): string;
}

export const AUDIT_JSON_LINES: AuditFormat = {
  mediaType: 'application/jsonl; charset=utf-8',
  fileName: 'audit.jsonl',
  head: '',
  lineOf: (entry) => `${JSON.stringify(viewOf(entry))}\n`,
};

/** Columns of the table, in order: what the JSON has inside `actor` and `subject` stands apart, `before` and `after` are JSON. */
const COLUMNS: Readonly<Record<string, (view: AuditView) => CsvField>> = {
  id: ({ id }) => id,
  at: ({ at }) => at,
  actorKind: ({ actor }) => actor.kind,
  actorId: ({ actor }) => actor.id,
  actorName: ({ actor }) => actor.name,
  sessionId: ({ sessionId }) => sessionId,
  address: ({ address }) => address,
  agent: ({ agent }) => agent,
  requestId: ({ requestId }) => requestId,
  action: ({ action }) => action,
  subjectKind: ({ subject }) => subject.kind,
  subjectId: ({ subject }) => subject.id,
  subjectName: ({ subject }) => subject.name,
  before: ({ before }) => jsonOf(before),
  after: ({ after }) => jsonOf(after),
};

export const AUDIT_CSV: AuditFormat = {
  mediaType: 'text/csv; charset=utf-8; header=present',
  fileName: 'audit.csv',
  head: csvLine(Object.keys(COLUMNS)),
  lineOf: (entry) => {
    const view = viewOf(entry);
    return csvLine(Object.values(COLUMNS).map((field) => field(view)));
  },
};

function jsonOf(members: object | null): string | null {
  return members && JSON.stringify(members);
}
