import type { DatabaseHistory } from '../../history/history.js';
import { acknowledgedAt, isTransaction, nameOf } from '../course/calls.js';

/** What acknowledgements alone tell where not every commit is known: epochs do not fall as sequences grow. */
export function faultsOfAcknowledgedOrder({ calls }: DatabaseHistory): readonly string[] {
  const versions = calls
    .flatMap((call) => (isTransaction(call) ? [acknowledgedAt(call)] : []))
    .filter((version) => version !== undefined)
    .sort((a, b) => a.sequence - b.sequence);
  return versions.flatMap((version, i) => {
    const before = versions[i - 1];
    if (before === undefined || before.epoch <= version.epoch) return [];
    return [`epochs fall from ${nameOf(before)} to ${nameOf(version)}`];
  });
}
