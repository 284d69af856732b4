import type { Random } from '@leasehold/foundation';
import type { ErrorCode } from '@leasehold/protocol';

import { BODY_MUTATIONS } from './body-mutations.js';
import type { Draft, Mutation, Parties } from './draft.js';
import { requestOf, validDraft } from './draft.js';
import { oneOf, sometimes } from './draw.js';
import { HEADER_MUTATIONS } from './header-mutations.js';
import { QUERY_MUTATIONS } from './query-mutations.js';
import type { RawRequest } from './raw-request.js';
import type { Route } from './routes.js';
import { nameOf, ROUTES } from './routes.js';
import { TARGET_MUTATIONS } from './target-mutations.js';

export const MUTATIONS: readonly Mutation[] = [
  ...TARGET_MUTATIONS,
  ...QUERY_MUTATIONS,
  ...HEADER_MUTATIONS,
  ...BODY_MUTATIONS,
];

/** A second thing is wrong that often: what is looked at first must not depend on what comes later. */
const TWICE_WRONG = 0.25;

/** Bytes that stand in no target of HTTP: the parser is the first to refuse them. */
const NO_TARGET = /[^!-~]/;

/** A request that is wrong by construction. */
export interface BadRequest {
  readonly route: string;
  readonly wrong: string;
  readonly request: RawRequest;
  /** What it may be answered with. */
  readonly codes: readonly ErrorCode[];
  /** It may be served: it only reads, and what is odd about it means nothing. */
  readonly isHarmless: boolean;
  readonly parties: Parties;
}

/** One request of a route, drawn from everything that can be wrong with it. */
export function badRequest(route: Route, random: Random, parties: Parties): BadRequest {
  const fitting = MUTATIONS.filter(({ applies }) => applies(route)).flatMap(weighed);
  const first = oneOf(random, fitting);
  // Something harmless after something wrong could undo it.
  const second = oneOf(
    random,
    fitting.filter(({ isHarmless }) => isHarmless !== true),
  );
  const mutations = sometimes(random, TWICE_WRONG) ? [first, second] : [first];
  return mutated(validDraft(route, random, parties), mutations, random, parties);
}

/** Every route in turn, for ever. */
export function* badRequests(random: Random, sides: readonly Parties[]): Generator<BadRequest, never> {
  for (;;) for (const route of ROUTES) yield badRequest(route, random, oneOf(random, sides));
}

function weighed(mutation: Mutation): readonly Mutation[] {
  return Array.from({ length: mutation.weight ?? 1 }, () => mutation);
}

export function mutated(valid: Draft, mutations: readonly Mutation[], random: Random, parties: Parties): BadRequest {
  let draft = valid;
  const codes = new Set<ErrorCode>();
  for (const mutation of mutations) {
    const { codes: known = mutation.codes, ...changes } = mutation.mutate(draft, random, parties);
    draft = { ...draft, ...changes };
    for (const code of known) codes.add(code);
  }
  const request = requestOf(draft);
  if (NO_TARGET.test(request.target)) codes.add('invalid-request');
  return {
    route: nameOf(valid.route),
    wrong: mutations.map(({ name }) => name).join(', and '),
    request,
    codes: [...codes],
    isHarmless: mutations.every(({ isHarmless }) => isHarmless === true),
    parties,
  };
}
