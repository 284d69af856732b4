import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync, openSync, fsyncSync, closeSync } from 'node:fs';
import { z } from 'zod';
import { CliError, systemCode } from '../cli-error.js';

const secret = z.string().min(32);

/** The key of the demo tenant is minted last: until then it is missing. */
const demoTenant = z.object({
  email: z.string(),
  password: z.string(),
  organization: z.string(),
  apiKey: z.string().optional(),
});

const secretsSchema = z.object({
  authSecret: secret,
  /** An Ed25519 key, PKCS #8 in base64. Not in files of earlier versions. */
  tokenSigningKey: secret.optional(),
  internalSecret: secret,
  s3AccessKeyId: z.string(),
  s3SecretAccessKey: secret,
  postgresPassword: secret,
  postgresPort: z.number().int().optional(),
  admin: z.object({ email: z.string(), password: z.string() }),
  tenant: demoTenant,
});

/** As they are in the file. */
export type StoredSecrets = z.output<typeof secretsSchema>;
/** What `up` draws on its first run and needs again at every later one. */
export type Secrets = StoredSecrets & { readonly tokenSigningKey: string };
export type DemoTenant = z.output<typeof demoTenant>;

const SECRET_BYTES = 32;
const PASSWORD_BYTES = 12;

export function drawSecrets(): Secrets {
  const hex = () => randomBytes(SECRET_BYTES).toString('hex');
  const password = () => randomBytes(PASSWORD_BYTES).toString('base64url');
  return {
    authSecret: hex(),
    tokenSigningKey: drawSigningKey(),
    internalSecret: hex(),
    s3AccessKeyId: `local${randomBytes(8).toString('hex')}`,
    s3SecretAccessKey: hex(),
    postgresPassword: hex(),
    admin: { email: 'admin@leasehold.example', password: password() },
    tenant: { email: 'demo@leasehold.example', password: password(), organization: 'Demo' },
  };
}

/** What the control plane asks workers with. It leads to no other secret, and needs no place in the file. */
export function operatorSecretOf({ internalSecret }: Pick<StoredSecrets, 'internalSecret'>): string {
  return createHmac('sha256', internalSecret).update('operators').digest('hex');
}

function drawSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

/** Those of the file; what is missing there is drawn, and written before it is used. @throws CliError as {@link readSecrets} */
export function openSecrets(file: string): Secrets {
  const known = readSecrets(file);
  const secrets = { ...drawSecrets(), ...known };
  if (known?.tokenSigningKey === undefined) writeSecrets(file, secrets);
  return secrets;
}

/** @returns undefined when there are none yet. @throws CliError when they are damaged: new ones would not open the old data. */
export function readSecrets(file: string): StoredSecrets | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return secretsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new CliError(`${file} is damaged; restore it, or start with another --data`, 1, { cause: error });
  }
}

/** Whole or not at all, durable, and for the owner alone. */
export function writeSecrets(file: string, secrets: Secrets): void {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  const descriptor = openSync(draft, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(draft, file);
}
