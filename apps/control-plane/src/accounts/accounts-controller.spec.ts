import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';
import { MetadataUnavailableError, type Metadata } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Authentication } from '../auth/authentication.js';
import { LoginThrottle } from '../auth/login-throttle.js';
import { PasswordTurns } from '../auth/password-turns.js';
import { SecurityLog } from '../auth/security-log.js';
import type { SecondFactor } from '../auth/second-factor.js';
import { AccountsController } from './accounts-controller.js';
import type { VerificationMail } from './verification-mail.js';

const BODY = { email: 'a@example.com', password: 'ten characters', organization: 'A' };
const REQUEST = { headers: {}, ip: '192.0.2.1' } as FastifyRequest;
const REPLY = {} as FastifyReply;

function controller(failure: Error): AccountsController {
  const refuse = () => Promise.reject(failure);
  const createAccount = async () => ({ userId: 'u', organization: { id: 'o', name: 'A', slug: 'a' } });
  return new AccountsController(
    { organizations: { createAccount } } as unknown as Metadata,
    { hashPassword: async () => 'hash', identify: refuse, startSession: refuse } as unknown as Authentication,
    new PasswordTurns(),
    new LoginThrottle(),
    { welcome: async () => undefined } as unknown as VerificationMail,
    { require: async () => undefined } as unknown as SecondFactor,
    new SecurityLog({ securityEvents: {} } as unknown as Metadata),
  );
}

describe('a signup whose account is there already when postgres goes away', () => {
  const away = new MetadataUnavailableError(new Error('away'));

  it('does not claim that nothing was applied', async () => {
    const signup = controller(away).signUp(BODY, REQUEST, REPLY);
    await expect(signup).rejects.toMatchObject({ code: 'outcome-unknown', cause: away });
  });

  it('passes everything else on', async () => {
    const bug = new ProblemError('internal', 'a bug');
    await expect(controller(bug).signUp(BODY, REQUEST, REPLY)).rejects.toBe(bug);
  });
});

describe('a login while postgres is away', () => {
  it('says that nothing was applied, and is no failed attempt', async () => {
    const accounts = controller(new MetadataUnavailableError(new Error('away')));
    for (let i = 0; i < 20; i++) {
      await expect(accounts.logIn(BODY, REQUEST, REPLY)).rejects.toMatchObject({ code: 'unavailable' });
    }
  });
});
