/** An amount as it is told by the API, whole in the smallest unit of its currency: `$12.34`. */
export function formatMoney(amount: number, currency: string): string {
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

/** How many of the smallest units a typed amount is; NaN where it is none. */
export function minorUnits(typed: number, currency: string): number {
  const { maximumFractionDigits = 2 } = new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency,
  }).resolvedOptions();
  return Math.round(typed * 10 ** maximumFractionDigits);
}
