import type { Commit } from '@leasehold/engine';

export function readChanges(
  _source: unknown,
  _options: unknown,
): Promise<{ readonly commits: readonly Commit[]; readonly through: number }> {
  return Promise.reject(new Error('the feed is not there yet'));
}
