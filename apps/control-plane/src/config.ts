import { parseSigningKey } from '@leasehold/directory';
import { loadConfig, secret, serviceConfig } from '@leasehold/service-kit';
import { z } from 'zod';

const databaseUrl = z.string().regex(/^postgres(?:ql)?:\/\//, 'must begin with postgres://');

export const controlPlaneConfig = serviceConfig
  .extend({
    DATABASE_URL: databaseUrl,
    /** Where browsers reach this service; decides whether cookies are `Secure`. Without it, wherever they came in. */
    PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** Where browsers reach the gateway; told to the console. */
    GATEWAY_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** Signs session cookies; changing it logs everybody out. */
    AUTH_SECRET: secret(),
    /** Signs short-lived tokens: an Ed25519 private key, PKCS #8 in base64. After a change tokens of the key before live on until they end. */
    TOKEN_SIGNING_KEY: z.string().transform((text, context) => {
      const key = parseSigningKey(text);
      if (key !== undefined) return key;
      context.addIssue({ code: 'custom', message: 'must be an Ed25519 private key, PKCS #8 in base64' });
      return z.NEVER;
    }),
    /** The operator's account, made at start when both are given. */
    ADMIN_EMAIL: z.email().toLowerCase().optional(),
    ADMIN_PASSWORD: z.string().min(10).max(128).optional(),
    /** Folder with the console's files; apps/console/public when not set. */
    CONSOLE_DIR: z.string().optional(),
  })
  .refine((config) => (config.ADMIN_EMAIL === undefined) === (config.ADMIN_PASSWORD === undefined), {
    path: ['ADMIN_PASSWORD'],
    message: 'must be given together with ADMIN_EMAIL',
  });

export type ControlPlaneConfig = z.output<typeof controlPlaneConfig>;

/** Injection token of {@link ControlPlaneConfig}. */
export const CONFIG = Symbol('control plane config');

/** @throws ConfigError */
export function readConfig(env: NodeJS.ProcessEnv): ControlPlaneConfig {
  return loadConfig(controlPlaneConfig, env);
}
