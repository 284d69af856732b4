import type { Page } from 'playwright-core';

/** What a chart draws, series by series: of each the values that are there and are not 0, in the order of time. */
export async function drawn(page: Page, label: string): Promise<readonly (readonly number[])[]> {
  const told = await page.getByRole('img', { name: label, exact: true }).getAttribute('data-drawn');
  const series = JSON.parse(told ?? '[]') as readonly (readonly (number | null)[])[];
  return series.map(present);
}

/** The same of what was told. */
export function present(values: readonly (number | null | undefined)[]): readonly number[] {
  return values.filter((value): value is number => typeof value === 'number' && value !== 0);
}
