import { parseSigningKey } from '@leasehold/directory';
import {
  loadConfig,
  operatorSecretConfig,
  outboundConfig,
  secret,
  serviceConfig,
  storeConfig,
} from '@leasehold/service-kit';
import { z } from 'zod';

import { parseHealthTargets } from './health/health-targets.js';
import { isLoopbackHost } from './mailbox/loopback.js';
import { emailAddress } from './requests/text.js';

const databaseUrl = z.string().regex(/^postgres(?:ql)?:\/\//, 'must begin with postgres://');

export const controlPlaneConfig = serviceConfig
  .extend({
    DATABASE_URL: databaseUrl,
    ...storeConfig.shape,
    ...outboundConfig.shape,
    ...operatorSecretConfig.shape,
    /** The bucket of the data plane, for suspensions that hold without Postgres. Not set: there is none here. */
    S3_BUCKET: z.string().optional(),
    /** Where the job queues are; without it, in Postgres. */
    REDIS_URL: z.string().optional(),
    /** Where browsers reach this service; decides whether cookies are `Secure`. Without it, wherever they came in. */
    PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** Where browsers reach the gateway; told to the console. */
    GATEWAY_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** Processes whose `/readyz` is asked for operators: `gateway=http://gateway:4000 compactor=http://compactor:4000`. GATEWAY_URL when not set. */
    HEALTH_TARGETS: z
      .string()
      .transform((text, context) => {
        const targets = parseHealthTargets(text);
        if (targets !== undefined) return targets;
        context.addIssue({ code: 'custom', message: 'must be words such as gateway=http://gateway:4000' });
        return z.NEVER;
      })
      .optional(),
    /** How long what tenants cost in the month that runs is told before it is added up anew. */
    COSTS_REFRESH_MS: z.coerce.number().int().min(1_000).max(2_000_000_000).default(3_600_000),
    /** Signs session cookies and seals second factors; changing it logs everybody out, and leaves of second factors the backup codes. */
    AUTH_SECRET: secret(),
    /** Signs short-lived tokens: an Ed25519 private key, PKCS #8 in base64. After a change tokens of the key before live on until they end. */
    TOKEN_SIGNING_KEY: z.string().transform((text, context) => {
      const key = parseSigningKey(text);
      if (key !== undefined) return key;
      context.addIssue({ code: 'custom', message: 'must be an Ed25519 private key, PKCS #8 in base64' });
      return z.NEVER;
    }),
    /** Signing secrets of webhooks are derived from it; changing it changes them all. AUTH_SECRET when not set. */
    WEBHOOK_SECRET: secret().optional(),
    /** How long audit entries are kept. */
    AUDIT_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(400),
    /** The operator's account, made at start when both are given. */
    ADMIN_EMAIL: z.email().toLowerCase().optional(),
    ADMIN_PASSWORD: z.string().min(10).max(128).optional(),
    /** Folder with the console's files; apps/console/dist when not set. */
    CONSOLE_DIR: z.string().optional(),
    /** The mail server, with user and password. Neither this nor MAILBOX_DIR: no mail is sent. */
    SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
    /** Whether mails may go over connections without TLS: to a relay in one's own network. */
    SMTP_TLS: z.enum(['required', 'optional']).default('required'),
    /** Sender of all mails. */
    MAIL_FROM: emailAddress.optional(),
    /** Folder that mails are put into instead, to be read at /mailbox by whoever is on this machine. */
    MAILBOX_DIR: z.string().optional(),
    /** Stripe, by which invoices are paid. Without it, an operator marks them as paid. */
    STRIPE_SECRET_KEY: z
      .string()
      .regex(/^[sr]k_(test|live)_[A-Za-z0-9_]{10,250}$/, 'must be a secret or restricted key of Stripe')
      .optional(),
    /** Of the endpoint at Stripe that sends its events here. */
    STRIPE_WEBHOOK_SECRET: z
      .string()
      .regex(/^whsec_[!-~]{10,250}$/, 'must be the signing secret of a webhook endpoint of Stripe')
      .optional(),
    /** Where tests have a stand-in for Stripe. The secret key goes there: on this machine alone. */
    STRIPE_API_BASE: z
      .url({ protocol: /^http$/ })
      .refine((url) => isLoopbackHost(new URL(url).hostname), 'must be on loopback')
      .optional(),
  })
  .refine((config) => (config.STRIPE_SECRET_KEY === undefined) === (config.STRIPE_WEBHOOK_SECRET === undefined), {
    path: ['STRIPE_WEBHOOK_SECRET'],
    message: 'must be given together with STRIPE_SECRET_KEY',
  })
  .refine((config) => config.PUBLIC_URL !== undefined || config.STRIPE_SECRET_KEY === undefined, {
    path: ['PUBLIC_URL'],
    message: 'must be given with STRIPE_SECRET_KEY: Stripe leads back to it',
  })
  .refine((config) => (config.SMTP_URL === undefined) === (config.MAIL_FROM === undefined), {
    path: ['MAIL_FROM'],
    message: 'must be given together with SMTP_URL',
  })
  .refine((config) => config.PUBLIC_URL !== undefined || !sendsMail(config), {
    path: ['PUBLIC_URL'],
    message: 'must be given where mail is sent: mails link to it',
  })
  .refine((config) => config.MAILBOX_DIR === undefined || isLocal(config), {
    path: ['MAILBOX_DIR'],
    message: 'is for one machine alone: HOST and PUBLIC_URL must be loopback, and SMTP_URL not set',
  })
  .refine((config) => (config.ADMIN_EMAIL === undefined) === (config.ADMIN_PASSWORD === undefined), {
    path: ['ADMIN_PASSWORD'],
    message: 'must be given together with ADMIN_EMAIL',
  });

interface MailConfig {
  readonly HOST: string;
  readonly PUBLIC_URL?: string | undefined;
  readonly SMTP_URL?: string | undefined;
  readonly MAILBOX_DIR?: string | undefined;
}

function sendsMail({ SMTP_URL, MAILBOX_DIR }: MailConfig): boolean {
  return SMTP_URL !== undefined || MAILBOX_DIR !== undefined;
}

/** Whoever reads the mailbox can have everybody's account: nobody beyond this machine may. */
function isLocal({ HOST, PUBLIC_URL, SMTP_URL }: MailConfig): boolean {
  const reached = PUBLIC_URL === undefined ? HOST : new URL(PUBLIC_URL).hostname;
  return isLoopbackHost(HOST) && isLoopbackHost(reached) && SMTP_URL === undefined;
}

export type ControlPlaneConfig = z.output<typeof controlPlaneConfig>;

/** Injection token of {@link ControlPlaneConfig}. */
export const CONFIG = Symbol('control plane config');

/** @throws ConfigError */
export function readConfig(env: NodeJS.ProcessEnv): ControlPlaneConfig {
  return loadConfig(controlPlaneConfig, env);
}
