import { MAX_LABELS, type DatabaseChange, type DatabaseOptions } from '@leasehold/metadata';
import { isDatabaseName, LIMITS } from '@leasehold/protocol';
import { z } from 'zod';

import { nameOf } from '../requests/text.js';
import { DATABASE_LIMITS } from './database-limits.js';

const { retentionSeconds, sizeLimitBytes, minUndeleteSeconds, maxUndeleteSeconds, lifetimeYears } = DATABASE_LIMITS;

const LABEL_KEY =
  'must have 1 to 63 characters of a-z, 0-9, ., _, / and -, and begin with a letter or a digit, as a key';
const labelKey = z.string().regex(DATABASE_LIMITS.labelKey, LABEL_KEY);
const labelValue = nameOf(0, DATABASE_LIMITS.labelValueChars);

function labelsOf<V extends z.ZodType>(value: V) {
  return z
    .record(labelKey, value, { error: 'must be an object of labels' })
    .refine((labels) => Object.keys(labels).length <= MAX_LABELS, `must have at most ${MAX_LABELS} labels`);
}

function wholeNumber(min: number, max: number) {
  const text = `must be a whole number from ${min} to ${max}`;
  return z.int(text).min(min, text).max(max, text);
}

const instantAhead = z.iso
  .datetime({ offset: true, error: 'must be an instant, such as 2030-01-31T00:00:00Z' })
  .transform((text) => new Date(text))
  .refine((at) => at.getTime() > Date.now(), 'must lie in the future')
  .refine((at) => at.getUTCFullYear() <= new Date().getUTCFullYear() + lifetimeYears, 'must lie within ten years');

const options = {
  deleteProtection: z.boolean('must be true or false').optional(),
  expiresAt: instantAhead.nullable().optional(),
  retentionSeconds: wholeNumber(0, retentionSeconds).nullable().optional(),
  sizeLimitBytes: wholeNumber(0, sizeLimitBytes).nullable().optional(),
  undeleteSeconds: wholeNumber(minUndeleteSeconds, maxUndeleteSeconds).optional(),
};

export const newDatabase = z
  .strictObject({ name: z.string(), labels: labelsOf(labelValue).optional(), ...options })
  .transform(({ name, ...rest }): { name: string; options: Partial<DatabaseOptions> } => ({
    name,
    options: withoutUndefined(rest),
  }));

export type NewDatabaseBody = z.output<typeof newDatabase>;

/** Members that are not named stay as they are; of labels likewise, and null takes one away. */
export const databaseChange = z
  .strictObject({ labels: labelsOf(labelValue.nullable()).optional(), ...options })
  .refine((change) => Object.keys(change).length > 0, 'must name at least one member')
  .transform((change): DatabaseChange => withoutUndefined(change));

export type DatabaseChangeBody = z.output<typeof databaseChange>;

export const undeletion = z.strictObject({
  /** When the one it had was given away. */
  name: z.string().optional(),
});

export type UndeletionBody = z.output<typeof undeletion>;

/** The beginning of a name, as far as there can be one that begins so. */
export function isNameBeginning(text: string): boolean {
  return isDatabaseName(text) && text.length <= LIMITS.databaseNameChars;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>;
}
