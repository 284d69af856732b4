import type { Schemas } from '../api/control.js';

export type Budget = Schemas['Budget'];

/** What is asked for again once a budget was changed. */
export const BUDGETS = ['budgets'] as const;
