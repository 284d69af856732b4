import type { FastifyRequest } from 'fastify';

import { CLIENT_ADDRESS_HEADER } from './authentication.js';

/**
 * A request's headers for better-auth, with the address of the connection in place of what the client says of itself. `Authorization`, when there,
 * decides alone who calls.
 */
export function webHeaders(request: FastifyRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    for (const one of [value].flat()) if (one !== undefined) headers.append(name, one);
  }
  headers.set(CLIENT_ADDRESS_HEADER, request.ip);
  // A token that is not good must not fall back on the browser's cookie. Of every scheme: whoever sends one is not held against its origin
  // (same-origin.ts), and browsers do send some of them by themselves.
  if (headers.has('authorization')) headers.delete('cookie');
  return headers;
}

/** The token of `Authorization: Bearer`; undefined without the header, null when it is something else. */
export function bearerToken(request: FastifyRequest): string | null | undefined {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  return /^bearer +([!-~]+) *$/i.exec(header)?.[1] ?? null;
}

/** For which of their organizations a person acts in this request, by its id; else the session says. */
export const ORGANIZATION_HEADER = 'leasehold-organization';
