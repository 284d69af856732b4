import { systemClock, type Clock } from '@leasehold/foundation';
import { Metadata, type AttemptOrigin, type SecurityEventKind } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { networkOf } from './client-network.js';

/** Programs say of themselves what they like. */
const AGENT_CHARS = 256;
/** Notes on their way to Postgres; what is to be noted beyond is dropped. */
const MAX_PENDING = 50;

/** Whose password or code was refused: somebody with this address, if anybody has it, or with this account. */
export type Refused = { readonly email: string } | { readonly userId: string };

export function originOf({ ip, headers }: Pick<FastifyRequest, 'ip' | 'headers'>): AttemptOrigin {
  return { network: networkOf(ip), address: ip, agent: headers['user-agent']?.slice(0, AGENT_CHARS) };
}

/**
 * Notes for people what was refused at their account. The one who was refused does not wait for it: the time of an answer must not tell who has
 * an account. A note that fails is lost.
 */
export class SecurityLog {
  private pending = 0;

  constructor(
    private readonly metadata: Pick<Metadata, 'securityEvents'>,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Runs an attempt, and notes it down when what was shown is refused; not when nobody looked at it. */
  async watch<T>(
    kind: SecurityEventKind,
    refused: Refused,
    origin: AttemptOrigin,
    attempt: () => Promise<T>,
  ): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'invalid-credentials') this.note(kind, refused, origin);
      throw error;
    }
  }

  private note(kind: SecurityEventKind, refused: Refused, origin: AttemptOrigin): void {
    if (this.pending >= MAX_PENDING) return;
    this.pending += 1;
    const { securityEvents } = this.metadata;
    const now = new Date(this.clock.now());
    const noted =
      'userId' in refused
        ? securityEvents.note(refused.userId, kind, origin, now)
        : securityEvents.noteByEmail(refused.email, kind, origin, now);
    void noted
      .catch(() => undefined)
      .finally(() => {
        this.pending -= 1;
      });
  }
}
