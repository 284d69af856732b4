import type { Clock, Phase, PhaseList } from '@leasehold/foundation';
import { phaseList, Phases } from '@leasehold/foundation';
import { formatPhaseList } from '@leasehold/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';

import { isOwnRoute } from './drain.js';
import { PhaseSeconds } from './phase-seconds.js';

export interface RequestPhasesOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly registry: Registry;
  /** Of the answer; every answer has it, also refusals. */
  readonly header: string;
  /** Before the body is read, while it is read, and after that until somebody knows better. */
  readonly begin: { readonly before: Phase; readonly during: Phase; readonly after: Phase };
}

const PHASES_OF = Symbol('phases');

interface TimedRequest {
  [PHASES_OF]?: Phases;
}

/** For requests that do not come over HTTP. */
export interface RequestTimes {
  /** Its phases begin now. */
  begin(request: object): void;
  /** They are over, and counted. @returns them, as the answer is to tell them */
  end(request: object, elapsedMs: number): string;
  /** The same for one that has measured its phases itself. They may change afterwards. */
  tell(times: PhaseList, elapsedMs: number): string;
}

/** Tells with each answer where its time went, and counts it. The routes tell which phase begins when: {@link phasesOf}. */
export function timeRequests(instance: FastifyInstance, options: RequestPhasesOptions): RequestTimes {
  const { clock, header, begin } = options;
  const seconds = new PhaseSeconds();
  seconds.register(options.registry);
  const tell = (times: PhaseList, elapsedMs: number): string => {
    seconds.record(times);
    return formatPhaseList(times, elapsedMs);
  };
  const end = (phases: Phases, elapsedMs: number): string => tell(phaseList(phases.end()), elapsedMs);
  instance.decorateRequest(PHASES_OF, undefined);
  instance.addHook('onRequest', (request, reply, done) => {
    // Hooks before this one took time, too.
    const sinceMs = clock.monotonic() - reply.elapsedTime;
    if (!isOwnRoute(request.raw)) (request as TimedRequest)[PHASES_OF] = new Phases(clock, begin.before, sinceMs);
    done();
  });
  instance.addHook('preParsing', (request, _reply, payload, done) => {
    phasesOf(request)?.enter(begin.during);
    done(null, payload);
  });
  instance.addHook('preValidation', (request, _reply, done) => {
    phasesOf(request)?.enter(begin.after);
    done();
  });
  instance.addHook('onSend', (request, reply: FastifyReply, _payload, done) => {
    const phases = phasesOf(request);
    if (phases !== undefined) void reply.header(header, end(phases, reply.elapsedTime));
    done();
  });
  return {
    begin: (request: TimedRequest) => {
      request[PHASES_OF] = new Phases(clock, begin.after);
    },
    end: ({ [PHASES_OF]: phases }: TimedRequest, elapsedMs) => (phases === undefined ? '' : end(phases, elapsedMs)),
    tell,
  };
}

/** Undefined where nobody measures. They end when the answer is sent. */
export function phasesOf(request: FastifyRequest): Phases | undefined {
  return (request as TimedRequest)[PHASES_OF];
}
