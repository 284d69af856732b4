import type { ChargeRecord } from '@leasehold/metadata';

/** What of a payment is told with its invoice. */
export type ChargeView = Omit<ChargeRecord, 'invoiceId'>;

export function chargeView({ state, provider, attempts, failure, payUrl, nextChargeAt }: ChargeView): ChargeView {
  return { state, provider, attempts, failure, payUrl, nextChargeAt };
}
