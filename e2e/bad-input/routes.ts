import type { ApiRoute } from '@leasehold/protocol';
import { ALL_API_ROUTES } from '@leasehold/protocol';

/** What a route does with a body. */
export type BodyKind = 'ignored' | 'refused' | 'value' | 'transaction' | 'snapshot' | 'kvExchange' | 'kvMessage';

/** One method of one path of a database. */
export interface Route {
  readonly method: string;
  /** Below the database; `{key}` and `{key64}` stand for a key. */
  readonly path: string;
  /** Names of its query parameters. */
  readonly parameters: readonly string[];
  readonly body: BodyKind;
  /** Of the headers that change what a request means, those that it understands. */
  readonly headers: readonly string[];
  /** One of them suffices. */
  readonly scopes: readonly string[];
}

const ROOT = '/v1/db/{database}/';

/** Every route of the data plane, from the table that the gateway itself is made from. */
export const ROUTES: readonly Route[] = ALL_API_ROUTES.flatMap((route) =>
  route.paths.filter((path) => path.startsWith(ROOT)).flatMap((path) => routesAt(path.slice(ROOT.length), route)),
);

export function nameOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`;
}

function routesAt(path: string, route: ApiRoute): readonly Route[] {
  const { method, query: parameters, headers, scopes } = route;
  // A POST without anything to say takes no body; that of a GET is not looked at.
  const body = route.body ?? (method === 'POST' ? 'refused' : 'ignored');
  const methods = method === 'GET' ? ['GET', 'HEAD'] : [method];
  return methods.map((each) => ({ method: each, path, parameters, body, headers, scopes }));
}
