/** Labels as they are typed, `key:value` each; one without a colon has an empty value. The last of a key counts. */
export function labelsOf(typed: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    typed.map((text) => {
      const colon = text.indexOf(':');
      return colon < 0 ? [text.trim(), ''] : [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
    }),
  );
}

/** The other way round. */
export function typedLabels(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}:${value}`);
}

/** What has to be said so that `before` becomes `after`: the API merges labels, and null takes one away. */
export function labelChange(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Readonly<Record<string, string | null>> {
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  const changed = Object.entries(after).filter(([key, value]) => before[key] !== value);
  return Object.fromEntries<string | null>([...gone.map((key) => [key, null] as const), ...changed]);
}
