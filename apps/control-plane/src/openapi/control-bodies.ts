import type { z } from 'zod';

import { loginBody, resetBody, resetMailBody, signupBody, verificationBody } from '../accounts/account-schemas.js';
import { codeBody, passwordBody, bothFactors, secondFactorLogin } from '../accounts/second-factor-schemas.js';
import { newSuspension } from '../admin/suspension-schema.js';
import { newBudget } from '../budgets/budget-schemas.js';
import { newCors } from '../cors/cors-controller.js';
import { newProviderPrices } from '../costs/provider-prices-schema.js';
import { databaseChange, newDatabase, undeletion } from '../databases/database-schemas.js';
import { newGrant } from '../databases/grant-schemas.js';
import { newIdentityProvider } from '../identity-providers/identity-provider-schema.js';
import { newKey, rotation } from '../keys/key-schemas.js';
import { databaseDeletion } from '../operations/database-deletion-controller.js';
import {
  newBillingDetails,
  newCreditNote,
  newIssuer,
  newPayment,
  newPlanVersion,
  newVoiding,
} from '../invoices/invoice-schemas.js';
import {
  invitationBody,
  invitationTokenBody,
  organizationBody,
  roleBody,
  switchBody,
} from '../organizations/organization-schemas.js';
import { newAgreement, newPlan } from '../plans/limit-schemas.js';
import { newToken } from '../tokens/token-schemas.js';
import { newWebhook, webhookChange, webhookRotation } from '../webhooks/webhook-schemas.js';

/** The schemas that the controllers check bodies with, by the names that the document gives them. */
export const CONTROL_BODIES = {
  Signup: signupBody,
  Login: loginBody,
  SecondFactorLogin: secondFactorLogin,
  SecondFactorBegin: passwordBody,
  SecondFactorConfirm: codeBody,
  BothFactors: bothFactors,
  EmailVerification: verificationBody,
  PasswordResetMail: resetMailBody,
  PasswordReset: resetBody,
  OrganizationSwitch: switchBody,
  OrganizationName: organizationBody,
  MemberChange: roleBody,
  NewInvitation: invitationBody,
  InvitationAnswer: invitationTokenBody,
  NewDatabase: newDatabase,
  DatabaseChange: databaseChange,
  Undeletion: undeletion,
  NewGrant: newGrant,
  DatabasesDeletion: databaseDeletion,
  NewToken: newToken,
  Cors: newCors,
  IdentityProviderSettings: newIdentityProvider,
  NewWebhook: newWebhook,
  WebhookChange: webhookChange,
  WebhookRotation: webhookRotation,
  NewKey: newKey,
  KeyRotation: rotation,
  PlanLimits: newPlan,
  QuotaAgreement: newAgreement,
  Suspension: newSuspension,
  NewPlanVersion: newPlanVersion,
  NewBudget: newBudget,
  NewBillingDetails: newBillingDetails,
  NewBillingIssuer: newIssuer,
  InvoicePayment: newPayment,
  InvoiceVoiding: newVoiding,
  NewCreditNote: newCreditNote,
  NewProviderPrices: newProviderPrices,
} as const satisfies Readonly<Record<string, z.ZodType>>;
export type ControlBody = keyof typeof CONTROL_BODIES;
