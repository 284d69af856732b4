import type { StoredAnswer } from '@leasehold/metadata';
import type { FastifyReply } from 'fastify';

/** What an answer says beside its body. Cookies are not among it. */
const KEPT_HEADERS = ['etag', 'location'] as const;
/** Members of an answer that are shown once: kept as null. A route that shows another one names it here. */
const SECRET_MEMBERS: ReadonlySet<string> = new Set([
  'key',
  'token',
  'secret',
  'signingSecret',
  'password',
  'backupCodes',
  'uri',
]);

/** What is kept of an answer for who repeats the request: without secrets, so that who reads the table learns none. */
export function answerToKeep(reply: FastifyReply, body: unknown): StoredAnswer {
  const headers = Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = reply.getHeader(name);
      return typeof value === 'string' ? [[name, value] as const] : [];
    }),
  );
  return { status: reply.statusCode, headers, body: withoutSecrets(body) };
}

function withoutSecrets(body: unknown): unknown {
  if (body === undefined) return undefined;
  // As it is sent: instants are texts.
  const sent = JSON.parse(JSON.stringify(body)) as unknown;
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return sent;
  return Object.fromEntries(
    Object.entries(sent).map(([name, value]) => [name, SECRET_MEMBERS.has(name) ? null : (value as unknown)]),
  );
}
