import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import type { DatabaseIdentity } from '@leasehold/engine';
import type { SessionId } from '@leasehold/foundation';
import { isDatabaseId, isSessionId, isTenantId } from '@leasehold/foundation';
import type { HeaderValues } from '@leasehold/protocol';
import { digestBody, HOP_HEADERS, parseHopOptions, ProblemError, verifyHop } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import type { WorkerConfig } from '../config.js';
import { WORKER_CONFIG } from '../tokens.js';
import { WorkerSession } from '../worker-session.js';

const NO_BODY = new Uint8Array(0);

/** What the gateway vouches for, once its signature has been checked. */
export interface Hop {
  readonly identity: DatabaseIdentity;
  /** A session that the gateway could not reach. */
  readonly waitForOwner: SessionId | undefined;
  /** How long the gateway still waits for an answer; undefined when it does not say. */
  readonly waitMs: number | undefined;
  /** Of what only deletes: it counts no write units. */
  readonly isUnbilled: boolean;
}

/** On the request itself: in a WeakMap, each request would cost the garbage collector a multiple of what it costs otherwise. */
const HOP = Symbol('hop');

interface HoppedRequest {
  [HOP]?: Hop;
}

/** Lets nobody in but gateways: the hop is signed over method, path, body and every header that changes what is done. */
@Injectable()
export class HopGuard implements CanActivate {
  constructor(
    @Inject(WORKER_CONFIG) private readonly config: WorkerConfig,
    @Inject(WorkerSession) private readonly worker: WorkerSession,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    checkSignature(request, this.config.LEASEHOLD_INTERNAL_SECRET);
    if (!this.worker.isMeantBy(request.headers)) throw anotherSession();
    const { databaseId } = request.params as { databaseId?: string };
    (request as HoppedRequest)[HOP] = hopFrom(request.headers, databaseId);
    return true;
  }
}

/** @throws ProblemError unauthenticated: not signed by a process of this installation, or not for this very request */
export function checkSignature(request: FastifyRequest, secret: string): void {
  const claims = {
    method: request.method,
    path: request.originalUrl,
    headers: request.headers,
    bodyDigest: digestBody(bodyOf(request)),
  };
  if (verifyHop(secret, header(request.headers, HOP_HEADERS.hop), claims, Date.now())) return;
  throw new ProblemError('unauthenticated', 'the hop is not signed by a process of this installation');
}

/**
 * What a gateway says of a request. Whether it is a gateway that says so is to be known before.
 * @throws ProblemError invalid-request
 */
export function hopFrom(headers: HeaderValues, databaseId: string | undefined): Hop {
  const tenant = header(headers, HOP_HEADERS.tenant) ?? '';
  const name = decodeName(header(headers, HOP_HEADERS.database));
  const waitForOwner = header(headers, HOP_HEADERS.waitForOwner);
  if (databaseId === undefined || !isDatabaseId(databaseId) || !isTenantId(tenant) || name === undefined) {
    throw new ProblemError('invalid-request', 'the hop names no database, or no tenant');
  }
  const waitMs = Number(header(headers, HOP_HEADERS.waitMs));
  const told = header(headers, HOP_HEADERS.options);
  const options = told === undefined ? undefined : parseHopOptions(told);
  if (told !== undefined && options === undefined) {
    throw new ProblemError('invalid-request', 'the hop tells options that are none');
  }
  return {
    identity: { databaseId, tenantId: tenant, name, options },
    waitForOwner: waitForOwner !== undefined && isSessionId(waitForOwner) ? waitForOwner : undefined,
    waitMs: Number.isSafeInteger(waitMs) && waitMs > 0 ? waitMs : undefined,
    isUnbilled: header(headers, HOP_HEADERS.unbilled) === 'true',
  };
}

/** For a request that came over a connection whose other side is a gateway. @throws ProblemError invalid-request */
export function trustHop(request: Pick<FastifyRequest, 'headers'>, databaseId: string): void {
  (request as HoppedRequest)[HOP] = hopFrom(request.headers, databaseId);
}

/** Nothing was done: the gateway asks elsewhere. */
export function anotherSession(): ProblemError {
  return new ProblemError('session-expired', 'the session that is meant has ended; another one listens here now');
}

export function hopOf(request: FastifyRequest): Hop {
  const hop = (request as HoppedRequest)[HOP];
  if (hop === undefined) throw new ProblemError('unauthenticated', 'the hop was not checked');
  return hop;
}

export function bodyOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : NO_BODY;
}

function header(headers: HeaderValues, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function decodeName(encoded: string | undefined): string | undefined {
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
