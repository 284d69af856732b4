import type { Answer, Call, Request, VersionText } from '../../history/history.js';

export type TransactRequest = Extract<Request, { readonly kind: 'transact' }>;
export type Transaction = Call & { readonly request: TransactRequest };

export function isTransaction(call: Call): call is Transaction {
  return call.request.kind === 'transact';
}

/** The version at which it was acknowledged that the operations were applied; undefined when it was not, or had none. */
export function acknowledgedAt({ request, answer }: Transaction): VersionText | undefined {
  return answer.kind === 'committed' && request.ops.length > 0 ? answer.version : undefined;
}

/** Answers that promise that nothing was applied. */
export function isDenied({ answer }: { readonly answer: Answer }): boolean {
  return answer.kind === 'refused' || answer.kind === 'disclaimed';
}

export function nameOf({ epoch, sequence }: VersionText): string {
  return `${epoch}.${sequence}`;
}

export function isSameVersion(a: VersionText, b: VersionText): boolean {
  return a.sequence === b.sequence && a.epoch === b.epoch;
}
