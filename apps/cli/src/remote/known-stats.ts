import type { ByteDatabase } from '@leasehold/client';
import { UnauthorizedError } from '@leasehold/client';

/** Whether a key is good and merely may not do this: it lacks a scope, or is confined to some databases or to a prefix. */
export function isConfined(error: unknown): boolean {
  return (
    error instanceof UnauthorizedError && (error.code === 'insufficient-scope' || error.code.startsWith('outside-'))
  );
}

/** Undefined: the key may not ask for them. @throws what the client throws otherwise */
export async function knownStats(
  database: Pick<ByteDatabase, 'stats'>,
): Promise<Awaited<ReturnType<ByteDatabase['stats']>> | undefined> {
  try {
    return await database.stats();
  } catch (error) {
    if (isConfined(error)) return undefined;
    throw error;
  }
}
