import type { z } from 'zod';

import { BILLING_ANSWERS } from './billing-answers.js';
import { OPERATOR_ANSWERS } from './operator-answers.js';
import { PAYMENT_ANSWERS } from './payment-answers.js';
import { PEOPLE_ANSWERS } from './people-answers.js';
import { TENANT_ANSWERS } from './tenant-answers.js';

/** Answers that the document describes, by name. More members may come: clients pass over what they do not know. */
export const CONTROL_ANSWERS = {
  ...PEOPLE_ANSWERS,
  ...TENANT_ANSWERS,
  ...BILLING_ANSWERS,
  ...PAYMENT_ANSWERS,
  ...OPERATOR_ANSWERS,
} as const satisfies Readonly<Record<string, z.ZodType>>;
export type ControlAnswer = keyof typeof CONTROL_ANSWERS;
