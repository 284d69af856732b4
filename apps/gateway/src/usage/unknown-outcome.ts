const SUCCESS_BELOW = 400;
const FAILURE_FROM = 500;
/** Of problems, those that leave open whether anything was applied. */
const CODES: readonly unknown[] = ['outcome-unknown', 'internal'];

/** Whether something may have been applied, of an answer that says nothing of its cost. @param payload as it is sent */
export function isOfUnknownOutcome(status: number, payload: unknown): boolean {
  if (status < SUCCESS_BELOW) return true;
  if (status < FAILURE_FROM) return false;
  const text = payload instanceof Uint8Array ? Buffer.from(payload).toString('utf8') : payload;
  return typeof text === 'string' && CODES.includes(codeIn(text));
}

/** Undefined: it is no problem that we have told. */
function codeIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly code?: unknown } | null)?.code;
  } catch {
    return undefined;
  }
}
