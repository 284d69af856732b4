import { describe, expect, it } from '@jest/globals';

import { readConfig } from './config.js';
import { newSigningKey } from './testing/test-service.js';

const BASE = {
  DATABASE_URL: 'postgres://localhost/x',
  AUTH_SECRET: 's'.repeat(32),
  TOKEN_SIGNING_KEY: newSigningKey(),
};
const LOCAL = { PUBLIC_URL: 'http://127.0.0.1:4001', MAILBOX_DIR: '/mails' };
const SMTP = {
  PUBLIC_URL: 'https://leasehold.example',
  SMTP_URL: 'smtp://u:hunter2@mail',
  MAIL_FROM: 'a@leasehold.example',
};
const STRIPE = {
  PUBLIC_URL: 'https://leasehold.example',
  STRIPE_SECRET_KEY: 'sk_test_hunter2hunter2',
  STRIPE_WEBHOOK_SECRET: 'whsec_hunter2hunter2',
};

describe('control plane configuration', () => {
  it.each([[{}], [LOCAL], [SMTP], [{ ...SMTP, SMTP_TLS: 'optional' }], [STRIPE]])('takes %j', (more) => {
    expect(readConfig({ ...BASE, ...more })).toMatchObject(more);
  });

  it.each([
    ['MAILBOX_DIR', { ...LOCAL, HOST: '0.0.0.0' }],
    ['MAILBOX_DIR', { ...LOCAL, PUBLIC_URL: 'https://leasehold.example' }],
    ['MAILBOX_DIR', { ...SMTP, PUBLIC_URL: 'http://localhost:4001', MAILBOX_DIR: '/mails' }],
    ['PUBLIC_URL', { MAILBOX_DIR: '/mails' }],
    ['PUBLIC_URL', { ...SMTP, PUBLIC_URL: undefined }],
    ['MAIL_FROM', { ...SMTP, MAIL_FROM: undefined }],
    ['MAIL_FROM', { ...SMTP, MAIL_FROM: 'a@x.example\nbcc: b@x.example' }],
    ['SMTP_URL', { ...SMTP, SMTP_URL: 'http://hunter2@mail' }],
    ['SMTP_TLS', { ...SMTP, SMTP_TLS: 'no' }],
    ['STRIPE_WEBHOOK_SECRET', { ...STRIPE, STRIPE_WEBHOOK_SECRET: undefined }],
    ['STRIPE_WEBHOOK_SECRET', { ...STRIPE, STRIPE_SECRET_KEY: undefined }],
    ['STRIPE_SECRET_KEY', { ...STRIPE, STRIPE_SECRET_KEY: 'pk_live_hunter2hunter2' }],
    ['STRIPE_API_BASE', { ...STRIPE, STRIPE_API_BASE: 'http://stripe.example:1' }],
    ['STRIPE_API_BASE', { ...STRIPE, STRIPE_API_BASE: 'https://api.stripe.example' }],
    ['PUBLIC_URL', { ...STRIPE, PUBLIC_URL: undefined }],
  ])('names %s as wrong in %j, and repeats no value', (name, more) => {
    let told = '';
    try {
      readConfig({ ...BASE, ...more });
    } catch (error) {
      told = (error as Error).message;
    }
    expect(told).toContain(`${name}`);
    expect(told).not.toContain('hunter2');
  });
});
