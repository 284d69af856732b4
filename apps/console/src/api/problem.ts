/** A refusal of the control plane, or none at all: then `status` is 0. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    /** Stable name, as in the table of error codes. */
    readonly code: string,
    message: string,
    readonly requestId: string | undefined,
    /** Members of the body that are wrong: what of them, by their name. */
    readonly fields: Readonly<Record<string, string>>,
    /** What else the problem says, such as the `challenge` of a second factor. */
    readonly members: Readonly<Record<string, unknown>>,
  ) {
    super(message);
  }

  static unreachable(): Problem {
    return new Problem(0, 'unreachable', 'The service cannot be reached. Is the network there?', undefined, {}, {});
  }

  /** @param body what was answered, parsed if it was JSON */
  static of(status: number, body: unknown): Problem {
    const members = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
    const text = (name: string) => (typeof members[name] === 'string' ? members[name] : undefined);
    const message = text('detail') ?? text('title') ?? `The service answered with ${status}.`;
    return new Problem(
      status,
      text('code') ?? 'unknown',
      sentence(message),
      text('requestId'),
      fieldsOf(members['errors']),
      members,
    );
  }
}

function fieldsOf(errors: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(errors)) return {};
  const named = (errors as readonly { member?: unknown; problem?: unknown }[]).flatMap(({ member, problem }) =>
    typeof member === 'string' && typeof problem === 'string' ? [[member, problem] as const] : [],
  );
  return Object.fromEntries(named);
}

function sentence(text: string): string {
  const ended = /[.!?]$/.test(text) ? text : `${text}.`;
  return ended.charAt(0).toUpperCase() + ended.slice(1);
}
