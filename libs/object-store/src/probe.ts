import { LeaseholdError, assert, equalBytes, isLeaseholdError, utf8 } from '@leasehold/foundation';
import type { Clock, ErrorDetails, Random } from '@leasehold/foundation';

import { Backoff } from './backoff.js';
import { drawNonce } from './edit-trail.js';
import type { ObjectStore, PutCondition, PutOutcome, StoredObject } from './object-store.js';
import { reliableReads } from './reliable-reads.js';
import { StoreUnavailableError } from './store-errors.js';

/** The steps in their order; the names are what an operator gets to read. */
export const PROBE_STEPS = [
  'create',
  'refuse a second create',
  'match',
  'refuse a stale match',
  'refuse a match on nothing',
  '16 concurrent creates with one winner',
  '16 concurrent matches with one winner',
  'list after write',
  'delete',
] as const;

export type ProbeStep = (typeof PROBE_STEPS)[number];

/** Objects of a probe live below this prefix and are deleted when it ends. */
export const PROBE_PREFIX = 'probe/';

const RACERS = 16;
const MAX_UNCLEAR_ANSWERS = 6;

/** The store answers, but not as the protocol needs it: no data of anybody may be trusted to it. */
export class ProbeFailedError extends LeaseholdError {
  override readonly name = 'ProbeFailedError';

  constructor(
    readonly step: ProbeStep,
    found: string,
    details?: ErrorDetails,
  ) {
    super('invalid', 'store-unfit', `the object store failed the probe at step "${step}": ${found}`, details);
  }
}

/**
 * Tries on the real bucket, before anything else is done with it, every property that the protocol rests on: conditional creates and matches,
 * their atomicity under a race, and a listing that is not stale. Writes a few objects under `probe/<random>/` and deletes them.
 *
 * Unclear answers (timeouts, 409, 5xx) are not failures of the store's semantics and are tried again a few times.
 * @throws ProbeFailedError naming the step
 * @throws StoreUnavailableError when the store gives no clear answers
 */
export async function probeStore(
  store: ObjectStore,
  ctx: { readonly clock: Clock; readonly random: Random },
): Promise<void> {
  const probe = new Probe(store, ctx.clock, ctx.random);
  try {
    await probe.run();
  } finally {
    await probe.cleanUp();
  }
}

type ClearOutcome = Exclude<PutOutcome, { outcome: 'unknown' }>;

class Probe {
  private step: ProbeStep = PROBE_STEPS[0];
  private readonly reads: ObjectStore;
  private readonly prefix: string;
  private readonly created = new Set<string>();

  constructor(
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {
    this.reads = reliableReads(store, clock, random);
    this.prefix = `${PROBE_PREFIX}${drawNonce(random)}/`;
  }

  async run(): Promise<void> {
    const key = this.key('one');
    const first = this.body();

    this.step = 'create';
    const told = await this.applied(key, first, 'create');
    const created = await this.expectContent(key, first, 'a created object does not read back');
    if (told !== undefined && told !== created.etag)
      throw this.failed('the etag of the put is not the etag of the read');

    this.step = 'refuse a second create';
    await this.refused(key, 'create', 'a create over an existing object was accepted');
    await this.expectContent(key, first, 'a create over an existing object changed it');

    this.step = 'match';
    const second = this.body();
    await this.applied(key, second, { match: created.etag });
    await this.expectContent(key, second, 'a put that matches the present etag does not read back');

    this.step = 'refuse a stale match';
    await this.refused(key, { match: created.etag }, 'a put that names an old etag was accepted');
    await this.expectContent(key, second, 'a put that names an old etag changed the object');

    this.step = 'refuse a match on nothing';
    const absent = this.key('absent');
    await this.refused(
      absent,
      { match: created.etag },
      'a put that matches an object that does not exist was accepted',
    );
    if (await this.read(absent)) throw this.failed('a put that matches an object that does not exist created it');

    this.step = '16 concurrent creates with one winner';
    const contested = this.key('race');
    const winner = await this.race(contested, 'create');

    this.step = '16 concurrent matches with one winner';
    await this.race(contested, { match: winner.etag });

    this.step = 'list after write';
    const page = await this.reads.list(this.prefix);
    const listed = page.objects.map((object) => object.key);
    const expected = [this.key('one'), this.key('race')];
    if (listed.join() !== expected.join() || page.truncated)
      throw this.failed('a listing does not show just what was written');

    this.step = 'delete';
    for (const name of expected) await this.reads.delete(name);
    for (const name of expected) if (await this.read(name)) throw this.failed('a deleted object is still there');
  }

  /** Best effort: a probe that fails should not also leave rubbish, but its error matters more than the rubbish. */
  async cleanUp(): Promise<void> {
    await Promise.allSettled([...this.created].map((key) => this.store.delete(key)));
  }

  /** The condition holds: the put must be applied; after an unclear answer a refusal may come from its own first attempt. */
  private async applied(key: string, body: Uint8Array, condition: PutCondition): Promise<string | undefined> {
    const { answer, unclear } = await this.put(key, body, condition);
    if (answer.outcome === 'refused' && unclear === 0) throw this.failed('refused although its condition holds');
    return answer.outcome === 'done' ? answer.etag : undefined;
  }

  /** The condition does not hold. */
  private async refused(key: string, condition: PutCondition, accepted: string): Promise<void> {
    const { answer } = await this.put(key, this.body(), condition);
    if (answer.outcome === 'done') throw this.failed(accepted);
  }

  /** Many writers with the same condition: exactly one may win, and what it wrote must be what is there. */
  private async race(key: string, condition: PutCondition): Promise<StoredObject> {
    this.created.add(key);
    const bodies = Array.from({ length: RACERS }, () => this.body());
    const answers = await Promise.all(bodies.map((body) => this.store.put(key, body, condition)));
    const winners = answers.filter((answer) => answer.outcome === 'done').length;
    if (winners > 1) throw this.failed(`${winners} of ${RACERS} racers were told that they won`);
    if (answers.every((answer) => answer.outcome === 'refused')) throw this.failed('every racer was refused');
    if (answers.every((answer) => answer.outcome === 'unknown')) throw this.unclear(answers[0]);

    const present = await this.read(key);
    if (!present) throw this.failed('nothing is there after the race');
    const winner = bodies.findIndex((body) => equalBytes(body, present.body));
    const told = answers[winner]?.outcome;
    if (told === undefined || told === 'refused' || (winners === 1 && told !== 'done')) {
      throw this.failed('what is there was not written by the winner');
    }
    return present;
  }

  private async put(
    key: string,
    body: Uint8Array,
    condition: PutCondition,
  ): Promise<{ answer: ClearOutcome; unclear: number }> {
    this.created.add(key);
    const backoff = new Backoff(this.random);
    for (let unclear = 0; ; unclear++) {
      const answer = await this.store.put(key, body, condition);
      if (answer.outcome !== 'unknown') return { answer, unclear };
      if (unclear + 1 === MAX_UNCLEAR_ANSWERS) throw this.unclear(answer);
      await this.clock.sleep(backoff.nextMs());
    }
  }

  private async expectContent(key: string, body: Uint8Array, otherwise: string): Promise<StoredObject> {
    const object = await this.read(key);
    if (!object || !equalBytes(object.body, body)) throw this.failed(otherwise);
    return object;
  }

  private async read(key: string): Promise<StoredObject | undefined> {
    const object = await this.reads.get(key);
    assert(object !== 'not-modified', 'an unconditional read has a body');
    return object;
  }

  private key(name: string): string {
    return this.prefix + name;
  }

  private body(): Uint8Array {
    return utf8(`leasehold probe ${drawNonce(this.random)}`);
  }

  private failed(found: string): ProbeFailedError {
    return new ProbeFailedError(this.step, found);
  }

  private unclear(answer: PutOutcome | undefined): StoreUnavailableError {
    const cause = answer?.outcome === 'unknown' ? answer.cause : undefined;
    const reason =
      cause instanceof Error ? `: ${isLeaseholdError(cause) ? cause.message : `${cause.name}: ${cause.message}`}` : '';
    return new StoreUnavailableError(`the object store gave no clear answer at probe step "${this.step}"${reason}`, {
      cause,
    });
  }
}
