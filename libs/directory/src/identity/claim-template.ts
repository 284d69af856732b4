/**
 * Text with at most one claim of a token in it: `customer-{org_id}`. One, because two beside each other could be cut in two ways: of
 * `{a}-{b}` the values `1-2` and `3` make what `1` and `2-3` make.
 */
export interface ClaimTemplate {
  readonly before: string;
  /** Undefined: the text is the same for every token. */
  readonly claim: string | undefined;
  readonly behind: string;
}

export const MAX_TEMPLATE_CHARS = 256;
/** Of a claim's value: the longest name of a database, and enough for ids of people in a prefix. */
const MAX_VALUE_CHARS = 256;
const LONE_SURROGATE = /\p{Surrogate}/u;
const FORM = /^([^{}]*)(?:\{([^{}]{1,128})\}([^{}]*))?$/;

/** Undefined: it is none. */
export function parseClaimTemplate(text: string): ClaimTemplate | undefined {
  const match = text.length <= MAX_TEMPLATE_CHARS ? FORM.exec(text) : null;
  if (match === null) return undefined;
  const [, before = '', claim, behind = ''] = match;
  return { before, claim, behind };
}

/**
 * As a prefix of keys: what stands behind the claim ends its value, or `user/1` would open `user/10`. Undefined: it is none, or could be
 * outgrown so.
 */
export function parsePrefixTemplate(text: string): ClaimTemplate | undefined {
  const template = parseClaimTemplate(text);
  if (template === undefined || text === '') return undefined;
  return template.claim !== undefined && template.behind === '' ? undefined : template;
}

/**
 * The text for a token. Undefined: the token lacks the claim, or has no plain value there: whole numbers and texts are plain, and texts that
 * hold what ends them in the template are not.
 */
export function fillTemplate(
  { before, claim, behind }: ClaimTemplate,
  claims: Readonly<Record<string, unknown>>,
): string | undefined {
  if (claim === undefined) return before;
  const value = Object.hasOwn(claims, claim) ? plain(claims[claim]) : undefined;
  if (value === undefined || value === '' || value.length > MAX_VALUE_CHARS) return undefined;
  const end = behind.slice(0, 1);
  return end !== '' && value.includes(end) ? undefined : before + value + behind;
}

function plain(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === 'string' && !LONE_SURROGATE.test(value) && !value.includes('\0') ? value : undefined;
}
