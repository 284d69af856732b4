/** A form as Stripe's API takes it: `metadata[a]=b`, `expand[0]=c`. */
export type StripeForm = ReadonlyMap<string, string>;

/** What is wrong with a request, as Stripe says it. */
export class StripeRefusal extends Error {
  override readonly name = 'StripeRefusal';

  constructor(
    readonly status: number,
    readonly type: string,
    readonly code: string | undefined,
    message: string,
    readonly declineCode?: string,
  ) {
    super(message);
  }
}

/** @throws StripeRefusal when a field stands there twice */
export function readForm(text: string): StripeForm {
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (form.has(name)) throw invalid('parameter_invalid', `Received ${name} twice`);
    form.set(name, value);
  }
  return form;
}

/**
 * Holds a form against the fields that a request may have, as Stripe does: an unknown one is refused.
 *
 * @param fields by name, each with what its value has to look like; `metadata[]` is any member of it. Those that begin with `!` have to be there
 */
export function checkForm(form: StripeForm, fields: Readonly<Record<string, RegExp>>): void {
  const names = new Map(Object.keys(fields).map((name) => [name.replace('!', ''), fields[name]]));
  for (const [name, value] of form) {
    const pattern = names.get(name) ?? names.get(name.replace(/\[[^\]]*\]$/, '[]'));
    if (pattern === undefined) throw invalid('parameter_unknown', `Received unknown parameter: ${name}`);
    if (!pattern.test(value)) throw invalid('parameter_invalid', `Invalid ${name}: ${value}`);
  }
  for (const name of Object.keys(fields).filter((field) => field.startsWith('!'))) {
    if (!form.has(name.slice(1))) throw invalid('parameter_missing', `Missing required param: ${name.slice(1)}.`);
  }
}

/** The members of `metadata[…]`. */
export function metadataOf(form: StripeForm): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...form].flatMap(([name, value]) => {
      const member = /^metadata\[([^\]]+)\]$/.exec(name)?.[1];
      return member === undefined ? [] : [[member, value]];
    }),
  );
}

export function invalid(code: string, message: string, status = 400): StripeRefusal {
  return new StripeRefusal(status, 'invalid_request_error', code, message);
}

export function missing(what: string): StripeRefusal {
  return invalid('resource_missing', `No such ${what}`, 404);
}
