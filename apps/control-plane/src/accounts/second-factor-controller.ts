import { Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Access, PEOPLE } from '../auth/access.js';
import { Authentication } from '../auth/authentication.js';
import { CurrentPerson, type Person } from '../auth/caller.js';
import { LoginThrottle } from '../auth/login-throttle.js';
import { PasswordTurns } from '../auth/password-turns.js';
import { SecondFactor } from '../auth/second-factor.js';
import { JsonBody } from '../requests/json-body.js';
import {
  codeBody,
  passwordBody,
  proofOf,
  secondFactorEnd,
  type CodeBody,
  type PasswordBody,
  type SecondFactorEnd,
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
    @Req() { ip }: FastifyRequest,
  ) {
    await this.checkPassword(person, password, ip);
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
    @JsonBody(secondFactorEnd) body: SecondFactorEnd,
    @Req() { ip }: FastifyRequest,
  ): Promise<void> {
    await this.checkPassword(person, body.password, ip);
    await this.secondFactor.check(person.userId, proofOf(body));
    await this.secondFactor.disable(person.userId);
  }

  /** As slowly as at log-in: whoever has found an open session shall not guess on. */
  private async checkPassword({ email }: Person, password: string, address: string): Promise<void> {
    await this.throttle.attempt(email, address, () =>
      this.passwords.run(() => this.authentication.identify(email, password)),
    );
  }
}
