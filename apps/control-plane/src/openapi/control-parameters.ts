type Json = Readonly<Record<string, unknown>>;

export interface ControlParameter {
  readonly description: string;
  readonly schema: Json;
}

const text: Json = { type: 'string' };
const instant: Json = { type: 'string', format: 'date-time' };

/** Query parameters, by name: one name means the same on every route that takes it. */
export const CONTROL_QUERY = {
  limit: {
    description: 'Items of a page, 100 if left out.',
    schema: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
  },
  cursor: { description: 'Of the page before: what follows it.', schema: text },
  search: { description: 'How the name begins.', schema: text },
  label: { description: 'Only with this label: `key:value`.', schema: text },
  deleted: {
    description: '`true`: those that are deleted and can be had back, instead of those that are there.',
    schema: { type: 'string', enum: ['true', 'false'], default: 'false' },
  },
  action: { description: 'Only entries of this action, such as `database.created`.', schema: text },
  actor: { description: 'Only entries of this person or API key, by id.', schema: text },
  subject: { description: 'Only entries about the object of this id.', schema: text },
  since: { description: 'Only entries of this instant and after.', schema: instant },
  until: { description: 'Only entries before this instant.', schema: instant },
  from: { description: 'First hour that is wanted.', schema: instant },
  to: { description: 'The hour behind the last.', schema: instant },
  step: {
    description: 'What a row adds up: of usage hour, day or month, of metrics minute, hour or day.',
    schema: { type: 'string', enum: ['minute', 'hour', 'day', 'month'] },
  },
  group: {
    description: 'A row of each: `database`, `key`, or `label:` and the key of a label.',
    schema: { type: 'string', pattern: '^(database|key|label:[a-z0-9][a-z0-9._/-]{0,62})$' },
  },
  meter: {
    description: 'Only this meter, and only rows with some of it.',
    schema: { type: 'string', enum: ['writeUnits', 'readUnits', 'egressBytes', 'storedGbHours', 'freeReadUnits'] },
  },
  format: {
    description: 'As JSON, or all rows from the cursor on as CSV; by default as `Accept` says.',
    schema: { type: 'string', enum: ['json', 'csv'] },
  },
  month: {
    description: 'A month in UTC, such as 2026-11; that which runs if left out.',
    schema: { type: 'string', pattern: '^\\d{4}-(0[1-9]|1[0-2])$' },
  },
  sort: {
    description: 'Who stands in front: whom least is earned by, who costs most, or who pays most.',
    schema: { type: 'string', enum: ['margin', 'cost', 'revenue'], default: 'margin' },
  },
  state: {
    description: 'Only invoices in this state.',
    schema: { type: 'string', enum: ['finalized', 'paid', 'void'] },
  },
  tenant: { description: 'Only of this organization, by id.', schema: text },
  load: {
    description: '`true`: with the load of each, which its worker is asked for.',
    schema: { type: 'string', enum: ['true', 'false'], default: 'false' },
  },
  database: { description: 'Only of this database, by name.', schema: text },
} as const satisfies Readonly<Record<string, ControlParameter>>;
export type ControlQuery = keyof typeof CONTROL_QUERY;

/** What stands in a path. */
export const CONTROL_PATH: Readonly<Record<string, string>> = {
  id: 'The id of the object.',
  nameOrId: 'The name of the database, or its id.',
  organizationId: 'The id of the other organization.',
  deliveryId: 'The id of the delivery.',
  name: 'The name of the identity provider.',
  kind: 'The kind of the job.',
  session: 'The id of the session.',
  month: 'A month in UTC, such as 2026-11.',
};
