import 'reflect-metadata';

import type { AddressInfo } from 'node:net';

import type { DynamicModule, Type } from '@nestjs/common';
import { LeaseholdError } from '@leasehold/foundation';
import type { ErrorCode } from '@leasehold/protocol';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { BodyBudget, DEFAULT_BODIES_BYTES } from './body-budget.js';
import type { ServiceConfig } from './config.js';
import { Drain } from './drain.js';
import { codeOf } from './error-code.js';
import { Health } from './health.js';
import { createHttpAdapter, DEFAULT_BODY_LIMIT_BYTES } from './http-adapter.js';
import type { BodyLimit } from './request-body.js';
import { NestLogger } from './logger.js';
import type { Logger } from './logger.js';
import type { HttpMetrics } from './metrics.js';
import { serviceKitOf } from './service-kit-module.js';

export interface ServiceOptions {
  readonly name: string;
  /** The app's root module. ServiceKitModule is imported beside it. */
  readonly module: Type | DynamicModule;
  readonly config: ServiceConfig;
  readonly logger: Logger;
  /** Bodies of every content type arrive as a Buffer (undefined when there is none). Otherwise only JSON is taken. */
  readonly rawBodies?: boolean;
  /** Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** Of routes that take another size, by their pattern: `/v1/things/:id`. */
  readonly routeBodyLimits?: Readonly<Record<string, BodyLimit>>;
  /** Of all bodies together that are in memory; default 256 MiB. More are refused as `overloaded`. */
  readonly bodiesBytes?: number;
  /** Default `body-too-large`. */
  readonly bodyTooLargeCode?: ErrorCode;
  /** Rewrites the raw request target for routing alone; `request.originalUrl` stays what was sent. */
  readonly rewriteTarget?: (target: string) => string;
  /** Before listening: plugins, hooks, routes of Fastify itself. */
  configure?(app: NestFastifyApplication, accounts: RequestAccounts): Promise<void> | void;
  /** After listening and before `runService` resolves; readiness checks decide when traffic comes. */
  afterListen?(app: NestFastifyApplication, url: string): Promise<void> | void;
  /**
   * For clients that keep connections and may not repeat a request: at the end of the drain they are refused for so long at most, and not cut
   * off, until they have gone elsewhere. Shares DRAIN_TIMEOUT_MS with the rest. Default 0.
   */
  readonly lingerMs?: number;
  /** First part of the drain: /readyz already says 503, requests are still accepted. Shares DRAIN_TIMEOUT_MS with the rest. */
  beforeDrain?(app: NestFastifyApplication): Promise<void> | void;
}

/**
 * Where requests are counted that do not come to the routes over HTTP, so that the drain waits for them, metrics know of them, and their
 * bodies take room like all others.
 */
export interface RequestAccounts {
  readonly drain: Pick<Drain, 'enter' | 'enterSilently' | 'leave' | 'stopping'>;
  readonly metrics: Pick<HttpMetrics, 'record' | 'of'>;
  readonly bodies: Pick<BodyBudget, 'take' | 'giveBack'>;
}

export interface RunningService {
  readonly url: string;
  /** Drains and closes; the same promise for every caller. */
  close(): Promise<void>;
}

/** @throws AddressTakenError, and whatever the module's providers throw while starting. Nothing keeps running then. */
export async function runService(options: ServiceOptions): Promise<RunningService> {
  const { name, config, logger } = options;
  const kit = serviceKitOf({ name, logger, processMetrics: config.PROCESS_METRICS });
  const drain = new Drain();
  const bodies = new BodyBudget(options.bodiesBytes ?? DEFAULT_BODIES_BYTES);
  const adapter = createHttpAdapter(
    {
      rawBodies: options.rawBodies ?? false,
      bodyLimit: {
        limitBytes: options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES,
        tooLargeCode: options.bodyTooLargeCode ?? 'body-too-large',
      },
      routeBodyLimits: options.routeBodyLimits,
      bodies,
      rewriteTarget: options.rewriteTarget,
    },
    drain,
    kit.httpMetrics,
    logger,
  );
  class Root {}
  const app = await NestFactory.create<NestFastifyApplication>(
    { module: Root, imports: [kit.module, options.module] },
    adapter,
    {
      logger: new NestLogger(logger),
      abortOnError: false,
      bodyParser: false,
      // Drain refuses late requests as problems, before Nest's own plain 503 could.
      return503OnClosing: false,
      forceCloseConnections: true,
    },
  );
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= shutDown(app, drain, options));
  try {
    await options.configure?.(app, { drain, metrics: kit.httpMetrics, bodies });
    const url = await listen(app, config);
    logger.info({ url }, 'listening');
    await options.afterListen?.(app, url);
    return { url, close };
  } catch (error) {
    await app.close().catch((cause: unknown) => logger.error({ err: cause }, 'closing after a failed start failed'));
    throw error;
  }
}

/** Another process listens there, or we may not. */
export class AddressTakenError extends LeaseholdError {
  override readonly name = 'AddressTakenError';
}

const REFUSALS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EACCES: 'not permitted',
  EADDRNOTAVAIL: 'the address is not of this machine',
};

async function listen(app: NestFastifyApplication, { HOST, PORT }: ServiceConfig): Promise<string> {
  try {
    await app.listen({ host: HOST, port: PORT });
  } catch (cause) {
    const reason = REFUSALS[codeOf(cause) ?? ''];
    if (!reason) throw cause;
    throw new AddressTakenError('invalid', 'address-taken', `cannot listen, ${reason}: ${HOST}:${PORT}`, { cause });
  }
  const address = app.getHttpServer().address() as AddressInfo;
  return `http://${reachable(address)}:${address.port}`;
}

/** What to connect to; a wildcard address is reached over loopback. */
function reachable({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return '127.0.0.1';
  return family === 'IPv6' ? `[${address}]` : address;
}

async function shutDown(app: NestFastifyApplication, drain: Drain, options: ServiceOptions): Promise<void> {
  const { logger, config } = options;
  const deadline = performance.now() + config.DRAIN_TIMEOUT_MS;
  const leftMs = () => Math.max(0, deadline - performance.now());
  logger.info('draining');
  app.get(Health).beginDrain();
  try {
    await within(leftMs(), Promise.resolve(options.beforeDrain?.(app)));
  } catch (error) {
    logger.error({ err: error }, 'drain step failed');
  }
  const left = await drain.stop(app.getHttpServer(), leftMs(), options.lingerMs);
  if (left > 0) logger.warn({ requests: left }, 'requests cut off at the end of the drain');
  await app.close();
  logger.info('closed');
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`drain step took longer than ${Math.round(ms)} ms`)), ms);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
