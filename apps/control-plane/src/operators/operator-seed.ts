import { Inject, Injectable } from '@nestjs/common';
import { isLeaseholdError } from '@leasehold/foundation';
import { EmailTakenError, Metadata, translateOutage } from '@leasehold/metadata';
import { LOGGER, type Logger } from '@leasehold/service-kit';

import { Authentication } from '../auth/authentication.js';
import { CONFIG, type ControlPlaneConfig } from '../config.js';

const OPERATORS = 'Operators';

/** Makes sure that the operator named in the configuration can log in. */
@Injectable()
export class OperatorSeed {
  constructor(
    @Inject(CONFIG) private readonly config: ControlPlaneConfig,
    private readonly metadata: Metadata,
    private readonly authentication: Authentication,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Idempotent; several instances may do it at once.
   *
   * @returns false when Postgres does not answer: call again
   */
  async plant(): Promise<boolean> {
    const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = this.config;
    if (email === undefined || password === undefined) return true;
    try {
      await this.ensure(email, password);
      return true;
    } catch (error) {
      const known = translateOutage(error, true);
      if (!isLeaseholdError(known, 'unavailable') && !isLeaseholdError(known, 'unknown')) throw error;
      this.logger.warn({ err: known }, 'the operator account waits for postgres');
      return false;
    }
  }

  private async ensure(email: string, password: string): Promise<void> {
    const { organizations } = this.metadata;
    const present = await organizations.operatorOf(email);
    const hash = present?.operator ? present.passwordHash : undefined;
    if (hash && (await this.authentication.verifyPassword(password, hash))) return;
    const passwordHash = await this.authentication.hashPassword(password);
    if (!present) {
      const account = { email, passwordHash, organizationName: OPERATORS, role: 'admin' as const };
      try {
        await organizations.createAccount(account);
        this.logger.info('operator account created');
        return;
      } catch (error) {
        // Another instance was faster, or somebody signed up with this address.
        if (!(error instanceof EmailTakenError)) throw error;
      }
    }
    await organizations.makeOperator(email, passwordHash);
    this.logger.info('operator account updated');
  }
}
