import { describe, expect, it } from '@jest/globals';
import { drawSecrets, operatorSecretOf } from './secrets.js';
import { planBucket, planMigration, planPostgres, planServices, storeOf, type PlanInput } from './service-plan.js';

const secrets = drawSecrets();
const input = (env: Record<string, string> = {}): PlanInput => ({
  repository: '/house',
  options: { port: 4000, data: '/data', workers: 3, gateways: 2, json: false },
  folders: { bucket: '/data/bucket', postgres: '/data/postgres', mailbox: '/data/mailbox' },
  secrets,
  env,
});
const embedded = { bucketUrl: 'http://127.0.0.1:9999', databaseUrl: 'postgresql://db', redisUrl: undefined };

describe('service plan', () => {
  it('puts the first gateway and the control plane on the asked ports, all others on free ones', () => {
    const plan = planServices(input(), embedded);
    expect(plan.gateways.map(({ env }) => env['PORT'])).toEqual(['4000', '0']);
    expect(plan.controlPlane.env['PORT']).toBe('4001');
    expect(plan.workers.map(({ name, env }) => [name, env['PORT']])).toEqual([
      ['worker-1', '0'],
      ['worker-2', '0'],
      ['worker-3', '0'],
    ]);
  });

  it('starts each service from the one file that the build makes of it', () => {
    const plan = planServices(input(), embedded);
    const { controlPlane, gateways, workers, compactor } = plan;
    const scripts = [controlPlane, ...gateways, ...workers, compactor].map(({ script }) => script);
    expect([...new Set(scripts)]).toEqual(
      ['control-plane', 'gateway', 'worker', 'compactor'].map((app) => `/house/apps/${app}/dist/main.bundle.js`),
    );
  });

  it('hands no secret to a process that has no use for it', () => {
    const plan = planServices(input(), embedded);
    const holders = (secret: string) =>
      [plan.controlPlane, ...plan.gateways, ...plan.workers, plan.compactor]
        .filter(({ env }) => Object.values(env).includes(secret))
        .map(({ name }) => name);
    expect(holders(secrets.authSecret)).toEqual(['control-plane']);
    expect(holders(secrets.tokenSigningKey)).toEqual(['control-plane']);
    expect(holders(secrets.admin.password)).toEqual(['control-plane']);
    expect(holders(secrets.internalSecret)).toEqual(['gateway-1', 'gateway-2', 'worker-1', 'worker-2', 'worker-3']);
    const looks = ['control-plane', 'worker-1', 'worker-2', 'worker-3'];
    expect(holders(operatorSecretOf(secrets))).toEqual(looks);
    // The control plane writes suspensions into the bucket, which are to hold without it.
    expect(holders(secrets.s3SecretAccessKey)).toHaveLength(7);
  });

  it('passes nothing of the surroundings on that is not named', () => {
    const plan = planServices(
      input({ PATH: '/bin', HOME: '/root', NODE_OPTIONS: '--inspect', GITHUB_TOKEN: 'x' }),
      embedded,
    );
    const [worker] = plan.workers;
    expect(worker?.env['PATH']).toBe('/bin');
    expect(worker?.env).not.toHaveProperty('NODE_OPTIONS');
    expect(worker?.env).not.toHaveProperty('GITHUB_TOKEN');
  });

  it('starts no part of its own that the environment names elsewhere', () => {
    const env = { S3_BUCKET: 'prod', DATABASE_URL: 'postgresql://elsewhere', S3_SECRET_ACCESS_KEY: 'theirs' };
    expect(planBucket(input(env))).toBeUndefined();
    expect(planPostgres(input(env), 0)).toBeUndefined();
    expect(storeOf(input(env), undefined)).toEqual({ S3_BUCKET: 'prod', S3_SECRET_ACCESS_KEY: 'theirs' });
    expect(planBucket(input({ S3_BUCKET: '' }))).toBeDefined();
  });

  it('keeps the keys of another bucket away from our own', () => {
    const stray = input({ S3_SECRET_ACCESS_KEY: 'theirs' });
    expect(storeOf(stray, 'http://127.0.0.1:9999')['S3_SECRET_ACCESS_KEY']).toBe(secrets.s3SecretAccessKey);
  });

  it('keeps mails in a folder unless there is a mail server', () => {
    const mailOf = (env: Record<string, string>) => {
      const { MAILBOX_DIR, SMTP_URL } = planServices(input(env), embedded).controlPlane.env;
      return [MAILBOX_DIR, SMTP_URL];
    };
    expect(mailOf({})).toEqual(['/data/mailbox', undefined]);
    expect(mailOf({ SMTP_URL: 'smtp://mail' })).toEqual([undefined, 'smtp://mail']);
  });

  it('hands Redis to the services when there is one', () => {
    const plan = planServices(input(), { ...embedded, redisUrl: 'redis://r' });
    expect(plan.compactor.env['REDIS_URL']).toBe('redis://r');
    expect(planServices(input(), embedded).compactor.env).not.toHaveProperty('REDIS_URL');
    expect(planMigration(input(), 'postgresql://db').env['DATABASE_URL']).toBe('postgresql://db');
  });
});
