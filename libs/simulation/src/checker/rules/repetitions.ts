import { acknowledgedAt, isSameVersion, isTransaction, nameOf } from '../course/calls.js';
import type { Course } from '../course/course.js';

/** That the key belongs to another request. */
const REUSED = 'idempotency-key-reused';

/** Whoever sends again what was acknowledged under an idempotency key is told that it was applied, at the same version, however much later. */
export function repetitions({ database }: Course): readonly string[] {
  return database.calls.filter(isTransaction).flatMap((call) => {
    const first = acknowledgedAt(call);
    if (first === undefined) return [];
    return (call.repetitions ?? []).flatMap((answer) => {
      const words = `${call.id} was acknowledged at ${nameOf(first)}, and sent again it was`;
      if (answer.kind === 'refused') return [`${words} refused by check ${answer.failedCheck}`];
      if (answer.kind === 'disclaimed' && answer.code === REUSED) return [`${words} answered ${REUSED}`];
      if (answer.kind !== 'committed') return [];
      const { version, effect } = answer;
      if (isSameVersion(version, first) && effect === 'repeated') return [];
      return [`${words} ${effect} at ${nameOf(version)}`];
    });
  });
}
