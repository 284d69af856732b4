import { ProblemError } from '@leasehold/protocol';

/** The key in an Authorization header. @throws ProblemError unauthenticated */
export function bearerToken(header: string | undefined): string {
  const token = /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1];
  if (token !== undefined) return token;
  throw new ProblemError('unauthenticated', 'send Authorization: Bearer <api key>', {
    headers: { 'www-authenticate': 'Bearer' },
  });
}
