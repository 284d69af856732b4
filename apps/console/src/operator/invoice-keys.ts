/** What is asked for again once something became of an invoice. */
export const OPERATOR_INVOICES = ['operator-invoices'] as const;
