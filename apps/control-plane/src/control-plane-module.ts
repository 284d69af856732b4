import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { TokenSigner } from '@leasehold/directory';
import { Metadata } from '@leasehold/metadata';
import type { Logger } from '@leasehold/service-kit';

import { AccountsController } from './accounts/accounts-controller.js';
import { AccessGuard } from './auth/access-guard.js';
import { AuthController } from './auth/auth-controller.js';
import { Authentication } from './auth/authentication.js';
import { LoginThrottle } from './auth/login-throttle.js';
import { PasswordTurns } from './auth/password-turns.js';
import { SameOriginGuard } from './auth/same-origin-guard.js';
import { CONFIG, type ControlPlaneConfig } from './config.js';
import { ConsoleConfigController } from './console/console-config-controller.js';
import { CorsController } from './cors/cors-controller.js';
import { DatabasesController } from './databases/databases-controller.js';
import { KeysController } from './keys/keys-controller.js';
import { OperatorSeed } from './operators/operator-seed.js';
import { OutageInterceptor } from './requests/outage-interceptor.js';
import { TokenMint } from './tokens/token-mint.js';
import { TokensController } from './tokens/tokens-controller.js';

export interface ControlPlaneParts {
  readonly config: ControlPlaneConfig;
  readonly metadata: Metadata;
  readonly signer: TokenSigner;
  readonly logger: Logger;
}

@Module({})
class ControlPlaneModule {}

/** A new resource: a folder with its controller, listed here. */
export function controlPlaneModule({ config, metadata, signer, logger }: ControlPlaneParts): DynamicModule {
  return {
    module: ControlPlaneModule,
    controllers: [
      AccountsController,
      AuthController,
      ConsoleConfigController,
      CorsController,
      DatabasesController,
      KeysController,
      TokensController,
    ],
    providers: [
      OperatorSeed,
      TokenMint,
      { provide: CONFIG, useValue: config },
      { provide: Metadata, useValue: metadata },
      { provide: TokenSigner, useValue: signer },
      { provide: Authentication, useValue: Authentication.create(config, metadata, logger) },
      { provide: PasswordTurns, useValue: new PasswordTurns() },
      { provide: LoginThrottle, useValue: new LoginThrottle() },
      { provide: APP_GUARD, useClass: SameOriginGuard },
      { provide: APP_GUARD, useClass: AccessGuard },
      { provide: APP_INTERCEPTOR, useClass: OutageInterceptor },
    ],
  };
}
