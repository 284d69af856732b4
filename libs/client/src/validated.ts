import type { Codec } from './codec.js';
import { json } from './codec.js';
import { InvalidError } from './errors.js';
import type { SchemaIssue, StandardSchema } from './standard-schema.js';

/** A value does not fit its schema: one that was to be written, or one that is stored. */
export class SchemaError extends InvalidError {
  constructor(
    readonly issues: readonly SchemaIssue[],
    where: 'written' | 'stored',
  ) {
    const [first] = issues;
    const path = first?.path?.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    const place = path === undefined || path === '' ? '' : ` at ${path}`;
    super({
      code: where === 'written' ? 'invalid-value' : 'undecodable-value',
      message: `the ${where} value does not fit its schema${place}: ${first?.message ?? 'no reason given'}`,
    });
  }
}

/**
 * A codec that lets only through what fits a schema. What is stored is what the schema gives out; reading validates it again, so a schema has to take what it gives: defaults
 * and trimming do, a text that becomes a `Date` does not.
 * @param inner how the validated value stands as bytes
 */
export function validated<In, Out>(schema: StandardSchema<In, Out>, inner: Codec<unknown> = json()): Codec<Out, In> {
  const check = async (value: unknown, where: 'written' | 'stored'): Promise<Out> => {
    const result = await schema['~standard'].validate(value);
    if (result.issues !== undefined) throw new SchemaError(result.issues, where);
    return result.value;
  };
  return {
    encode: async (value) => inner.encode(await check(value, 'written')),
    decode: async (value) => check(await inner.decode(value), 'stored'),
  };
}
