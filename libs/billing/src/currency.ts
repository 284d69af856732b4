/** By ISO 4217, where there are not two. `Intl` is not asked: it tells what is usual in cash, which changes with its version, and 2,740.00 HUF would be 274,000. */
const DIGITS: readonly (readonly [digits: number, currencies: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

/** How many digits of an amount in the smallest unit of a currency stand behind the point. @param currency ISO 4217, such as `USD` */
export function minorDigitsOf(currency: string): number {
  return DIGITS.find(([, currencies]) => currencies.split(' ').includes(currency))?.[0] ?? 2;
}
