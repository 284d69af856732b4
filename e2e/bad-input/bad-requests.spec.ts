import { describe, expect, it } from '@jest/globals';
import { seededRandom, toBase64Url, utf8 } from '@leasehold/foundation';
import { parseSnapshotBody, parseTransactionBody } from '@leasehold/protocol';

import { badRequests, MUTATIONS } from './bad-requests.js';
import { BROKEN_KINDS, brokenHttp } from './broken-http.js';
import type { Parties, Party } from './draft.js';
import { requestOf, validDraft } from './draft.js';
import { jsonText } from './json-text.js';
import { bytesOfRequest } from './raw-request.js';
import { nameOf, ROUTES } from './routes.js';
import { validSnapshot, wrongSnapshot } from './snapshot-bodies.js';
import { validTransaction, wrongTransaction } from './transaction-bodies.js';

const DRAWS = 3_000;

const party = (tag: string): Party => ({
  tag,
  key: `lh_01m8fp16jcxp3wffqb11q0tebz_${tag}`,
  revokedKey: `lh_revoked_${tag}`,
  token: `token-${tag}`,
  databases: ['main', `vault-${tag}`, 'empty'],
  databaseIds: [`id-of-${tag}`],
  ownName: `vault-${tag}`,
  cursor: toBase64Url(utf8(`cursor of ${tag}`)),
});
const sides: readonly Parties[] = [{ asker: party('alpha'), other: party('beta') }];
const [parties] = sides as [Parties];

describe('bad requests', () => {
  it('are the same from the same seed', () => {
    const drawn = (seed: number) => {
      const requests = badRequests(seededRandom(seed), sides);
      return Array.from({ length: 200 }, () => bytesOfRequest(requests.next().value.request).toString('latin1'));
    };
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });

  it('are of every route, and wrong in every way', () => {
    const requests = badRequests(seededRandom(3), sides);
    const drawn = Array.from({ length: DRAWS }, () => requests.next().value);
    expect(new Set(drawn.map(({ route }) => route))).toEqual(new Set(ROUTES.map(nameOf)));
    const wrong = new Set(drawn.flatMap((each) => each.wrong.split(', and ')));
    expect(MUTATIONS.map(({ name }) => name).filter((name) => !wrong.has(name))).toEqual([]);
  });

  it('say what they may be answered with, unless they are harmless; and nothing harmless writes', () => {
    const requests = badRequests(seededRandom(4), sides);
    for (let n = 0; n < DRAWS; n++) {
      const { route, isHarmless, codes } = requests.next().value;
      if (!isHarmless) expect(codes).not.toHaveLength(0);
      else expect(route).toMatch(/^(GET|HEAD|POST reads|POST warm)/);
    }
  });

  it('differ from the valid request that they are made from', () => {
    for (const route of ROUTES) {
      const valid = bytesOfRequest(requestOf(validDraft(route, seededRandom(5), parties)));
      for (const mutation of MUTATIONS.filter(({ applies }) => applies(route))) {
        const draft = validDraft(route, seededRandom(5), parties);
        const { codes: _codes, ...changes } = mutation.mutate(draft, seededRandom(6), parties);
        const bad = bytesOfRequest(requestOf({ ...draft, ...changes }));
        expect([mutation.name, bad.equals(valid)]).toEqual([mutation.name, false]);
      }
    }
  });
});

describe('bodies', () => {
  const codeOf = (parse: () => unknown): string | undefined => {
    try {
      parse();
      return undefined;
    } catch (error) {
      return (error as { readonly code: string }).code;
    }
  };
  /** Only the database can tell these. */
  const OF_THE_DATABASE = ['precondition-failed', 'invalid-version'];

  it.each([
    ['transaction', wrongTransaction, validTransaction, parseTransactionBody],
    ['snapshot', wrongSnapshot, validSnapshot, parseSnapshotBody],
  ] as const)('of a %s are wrong in the way they say, and valid before', (_what, wrong, valid, parse) => {
    const random = seededRandom(7);
    for (let n = 0; n < DRAWS; n++) {
      expect(codeOf(() => parse(utf8(jsonText(valid(random)))))).toBeUndefined();
      const { body, codes } = wrong(random);
      const text = jsonText(body);
      const expected = codes.some((code) => OF_THE_DATABASE.includes(code)) ? [undefined] : codes;
      expect({ text, expected }).toEqual({ text, expected: expect.arrayContaining([codeOf(() => parse(utf8(text)))]) });
    }
  });
});

describe('broken HTTP', () => {
  it('is of every kind in turn, the same from the same seed', () => {
    const drawn = (): readonly string[] => {
      const broken = brokenHttp(seededRandom(8), sides);
      return Array.from({ length: 3 * BROKEN_KINDS.length }, () => broken.next().value.bytes.toString('latin1'));
    };
    expect(drawn()).toEqual(drawn());
    const broken = brokenHttp(seededRandom(8), sides);
    expect(BROKEN_KINDS.map(() => broken.next().value.wrong)).toEqual(BROKEN_KINDS);
  });
});
