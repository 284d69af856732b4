import { ProblemError } from '@leasehold/protocol';

/** The API key or token in an Authorization header. @throws ProblemError unauthenticated */
export function bearerToken(header: string | undefined): string {
  const token = /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1];
  if (token !== undefined) return token;
  throw new ProblemError('unauthenticated', 'send Authorization: Bearer <api key or token>', {
    headers: { 'www-authenticate': 'Bearer' },
  });
}
