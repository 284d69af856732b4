const DAY_MS = 86_400_000;

/** How long a key may be meant for: days, as text; empty is without end. */
export const LIFETIMES = [
  { value: '', label: 'never' },
  { value: '1', label: 'in a day' },
  { value: '30', label: 'in 30 days' },
  { value: '90', label: 'in 90 days' },
  { value: '365', label: 'in a year' },
] as const;

/** Undefined: without end. */
export function endOf(lifetime: string, nowMs: number): string | undefined {
  return lifetime === '' ? undefined : new Date(nowMs + Number(lifetime) * DAY_MS).toISOString();
}
