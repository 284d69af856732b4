import type { PaymentMethodRecord, PaymentRecord } from '@leasehold/metadata';

import { amountOf, invoiceNumber } from '../invoices/invoice-view.js';
import { chargeView } from './charge-view.js';

/** How an invoice is being paid, as the API tells it. Amounts are whole, in the smallest unit of the currency. */
export function paymentView({ number, total, credited, ...record }: PaymentRecord) {
  const { invoiceId, currency, paidAt, payment } = record;
  const amounts = { currency, total: amountOf(total), credited: amountOf(credited) };
  return { invoiceId, invoiceNumber: invoiceNumber(number), ...amounts, ...chargeView(record), paidAt, payment };
}

/** Without the provider's own name of it. */
export function methodView({ kind, brand, lastFour, expiresMonth, expiresYear }: PaymentMethodRecord) {
  const expires = { expiresMonth: expiresMonth ?? null, expiresYear: expiresYear ?? null };
  return { kind, brand: brand ?? null, lastFour: lastFour ?? null, ...expires };
}
