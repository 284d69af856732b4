import { Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Access, PEOPLE } from '../auth/access.js';
import { Authentication } from '../auth/authentication.js';
import { CurrentPerson, type Person } from '../auth/caller.js';
import { LoginThrottle } from '../auth/login-throttle.js';
import { PasswordTurns } from '../auth/password-turns.js';
import { originOf, SecurityLog } from '../auth/security-log.js';
import { SecondFactor } from '../auth/second-factor.js';
import { JsonBody } from '../requests/json-body.js';
import {
  codeBody,
  passwordBody,
  proofOf,
  bothFactors,
  type CodeBody,
  type PasswordBody,
  type BothFactors,
} from './second-factor-schemas.js';

/** A second factor beside the password: begun, confirmed by a code, and ended by password and code. Sessions that are there go on. */
@Controller('v1/second-factor')
@Access(PEOPLE)
export class SecondFactorController {
  constructor(
    private readonly authentication: Authentication,
    private readonly secondFactor: SecondFactor,
    private readonly passwords: PasswordTurns,
    private readonly throttle: LoginThrottle,
    private readonly log: SecurityLog,
  ) {}

  @Get()
  state(@CurrentPerson() { userId }: Person) {
    return this.secondFactor.stateOf(userId);
  }

  /** `secret` and `uri` are shown here alone. Asked for by nobody until it is confirmed; begun again, it is another one. */
  @Post()
  async begin(
    @CurrentPerson() person: Person,
    @JsonBody(passwordBody) { password }: PasswordBody,
    @Req() request: FastifyRequest,
  ) {
    await this.checkPassword(person, password, request);
    return this.secondFactor.begin(person.userId, person.email);
  }

  /** `backupCodes` are shown here alone. */
  @Post('confirm')
  @HttpCode(200)
  async confirm(@CurrentPerson() { userId }: Person, @JsonBody(codeBody) { code }: CodeBody) {
    return { backupCodes: await this.secondFactor.confirm(userId, code) };
  }

  @Post('disable')
  @HttpCode(204)
  async disable(
    @CurrentPerson() person: Person,
    @JsonBody(bothFactors) body: BothFactors,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    await this.checkBoth(person, body, request);
    await this.secondFactor.disable(person.userId);
  }

  /** `backupCodes` are shown here alone; those of before are worth nothing. */
  @Post('backup-codes')
  @HttpCode(200)
  async renewBackupCodes(
    @CurrentPerson() person: Person,
    @JsonBody(bothFactors) body: BothFactors,
    @Req() request: FastifyRequest,
  ) {
    await this.checkBoth(person, body, request);
    return { backupCodes: await this.secondFactor.renewBackupCodes(person.userId) };
  }

  private async checkBoth(person: Person, body: BothFactors, request: FastifyRequest): Promise<void> {
    await this.checkPassword(person, body.password, request);
    await this.secondFactor.check(person.userId, proofOf(body), originOf(request));
  }

  /** As slowly as at log-in: whoever has found an open session shall not guess on. */
  private async checkPassword({ email, userId }: Person, password: string, request: FastifyRequest): Promise<void> {
    await this.log.watch('password-refused', { userId }, originOf(request), () =>
      this.throttle.attempt(email, request.ip, () =>
        this.passwords.run(() => this.authentication.identify(email, password)),
      ),
    );
  }
}
