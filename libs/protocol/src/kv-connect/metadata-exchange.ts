import { z } from 'zod';

import { parseJsonBody, validated } from '../json-body.js';
import { ProblemError } from '../problem.js';

export const KV_VERSIONS = [1, 2, 3] as const;
export type KvVersion = (typeof KV_VERSIONS)[number];

const MAX_NAMED_VERSIONS = 100;
const requestSchema = z.object({ supportedVersions: z.array(z.number()).max(MAX_NAMED_VERSIONS) });

/**
 * The newest version of the protocol that both sides speak. A client that sends no body speaks the first alone.
 * @throws ProblemError invalid-body: no JSON of this shape, or no common version
 */
export function negotiatedVersion(body: Uint8Array): KvVersion {
  if (body.byteLength === 0) return 1;
  const { supportedVersions } = validated(requestSchema, parseJsonBody(body));
  const common = KV_VERSIONS.filter((version) => supportedVersions.includes(version));
  const newest = common.at(-1);
  if (newest !== undefined) return newest;
  throw new ProblemError('invalid-body', `no common version: the server speaks ${KV_VERSIONS.join(', ')}`);
}

/** What a client is told when it connects. Clients refuse further members. */
export interface KvMetadata {
  readonly version: KvVersion;
  /** A lower-case UUID, to be sent with every request: a name that stands for another database by now is refused. */
  readonly databaseId: string;
  readonly endpoints: readonly { readonly url: string; readonly consistency: 'strong' }[];
  readonly token: string;
  /** RFC 3339 in UTC. */
  readonly expiresAt: string;
}
