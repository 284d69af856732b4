import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { assert } from '@leasehold/foundation';
import type { KeyGrant, Scope } from '@leasehold/directory';
import type { Membership, OrganizationEntry } from '@leasehold/metadata';
import type { FastifyRequest } from 'fastify';

/** A logged-in person, whether or not they belong to an organization. */
export interface Person {
  readonly sessionId: string;
  readonly userId: string;
  readonly email: string;
  /** They have shown that they read its mails. */
  readonly emailVerified: boolean;
  readonly operator: boolean;
  readonly memberships: readonly Membership[];
  /** For which they act; undefined when they belong to none. */
  readonly active: Membership | undefined;
}

/** A logged-in person, acting for one organization. */
export interface SessionCaller {
  readonly kind: 'session';
  readonly sessionId: string;
  readonly userId: string;
  readonly email: string;
  /** They have shown that they read its mails. */
  readonly emailVerified: boolean;
  readonly operator: boolean;
  readonly organization: OrganizationEntry;
  /** In that organization. */
  readonly role: string;
  readonly memberships: readonly Membership[];
}

/** A program with an API key of one organization. */
export interface KeyCaller {
  readonly kind: 'key';
  readonly keyId: string;
  readonly organization: { readonly id: string };
  readonly scopes: ReadonlySet<Scope>;
  readonly grant: KeyGrant;
  /** Of the key, or of the secret that was shown where that ends first. */
  readonly expiresAt: Date | undefined;
}

export type Caller = SessionCaller | KeyCaller;

const callers = new WeakMap<FastifyRequest, Caller>();

const people = new WeakMap<FastifyRequest, Person>();

export function setPerson(request: FastifyRequest, person: Person): void {
  people.set(request, person);
}

/** Parameter of a handler: which person is calling. Only on routes with `@Access(PEOPLE)`. */
export const CurrentPerson = createParamDecorator((_: unknown, context: ExecutionContext): Person => {
  const person = people.get(context.switchToHttp().getRequest<FastifyRequest>());
  assert(person, 'the route is not for people');
  return person;
});

/** Undefined on routes that are not for people. */
export function personOf(request: FastifyRequest): Person | undefined {
  return people.get(request);
}

/** Undefined on routes for everybody. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return callers.get(request);
}

export function setCaller(request: FastifyRequest, caller: Caller): void {
  callers.set(request, caller);
}

/** Parameter of a handler: who is calling. Only on routes with `@Access`. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const caller = callers.get(context.switchToHttp().getRequest<FastifyRequest>());
  assert(caller, 'the route has no @Access');
  return caller;
});
