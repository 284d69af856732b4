import { AsyncLocalStorage } from 'node:async_hooks';

/** Who makes the changes of a request, as audit entries tell it. */
export interface Author {
  /** `visitor`: not logged in. Without an author it is the system itself. */
  readonly kind: 'user' | 'key' | 'operator' | 'visitor';
  /** Of the user, or of the API key. */
  readonly id?: string | undefined;
  /** The address of a user. */
  readonly name?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Of the connection. */
  readonly address?: string | undefined;
  /** What the program says of itself; cut by who makes the author. */
  readonly agent?: string | undefined;
  readonly requestId?: string | undefined;
}

const authors = new AsyncLocalStorage<Author>();

/** Every change that the work makes, at whatever depth, is this author's. A call of Prisma begins where it is awaited: the work has to await it itself. */
export function actAs<T>(author: Author, work: () => T): T {
  return authors.run(author, work);
}

/** Undefined: the system. */
export function presentAuthor(): Author | undefined {
  return authors.getStore();
}

/** Where nobody is logged in, the changes of the work are this person's: one who has just come into being, or has shown who they are. */
export function actAsPerson<T>(userId: string, email: string, work: () => T): T {
  const author = authors.getStore();
  return author?.kind === 'visitor' ? actAs({ ...author, kind: 'user', id: userId, name: email }, work) : work();
}
