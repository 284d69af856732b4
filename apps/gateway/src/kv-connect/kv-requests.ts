import type { DatabaseEntry } from '@leasehold/directory';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { valueOf } from '../databases/request-rules.js';

const PROTOBUF_TYPES = ['application/x-protobuf', 'application/protobuf'];
/** Of the data path. The first version has no header for it. */
const DATA_PATH_VERSIONS = ['2', '3'];

/**
 * The message in the body, not decoded. The request has to name the database by its id, as it was told when it connected: a client that has been
 * told of one database must not write into another that has its name by now.
 * @throws ProblemError unsupported-media-type, invalid-request, database-not-found
 */
export function messageOf(request: FastifyRequest, { id }: DatabaseEntry): Uint8Array {
  const { headers } = request;
  const version = headers['x-denokv-version'];
  const named = version === undefined ? headers['x-transaction-domain-id'] : headers['x-denokv-database-id'];
  if (version !== undefined && !DATA_PATH_VERSIONS.some((known) => known === version)) {
    throw new ProblemError('invalid-request', 'x-denokv-version names no version of the protocol that is spoken here');
  }
  if (typeof named !== 'string') {
    throw new ProblemError('invalid-request', 'the request names no database id: x-denokv-database-id');
  }
  if (named.toLowerCase() !== id) {
    throw new ProblemError('database-not-found', 'the name of the database stands for another one now; connect again');
  }
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  if (!PROTOBUF_TYPES.includes(type.trim().toLowerCase())) {
    throw new ProblemError('unsupported-media-type', 'bodies of this route are application/x-protobuf');
  }
  return valueOf(request);
}
