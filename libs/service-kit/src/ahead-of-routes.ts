import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';

/**
 * Looks at a request before anything else has, hooks of routes included, and answers it, or leaves it as it is.
 * @returns whether it answers; when it does not, it must not have touched anything
 */
export type AheadOfRoutes = (request: IncomingMessage, response: ServerResponse) => boolean;

/** What it does not take goes to the routes, as if it were not there. Whoever only listens to requests comes before. */
export function putAhead(server: Server, take: AheadOfRoutes): void {
  const routes = server.listeners('request').at(-1) as RequestListener;
  server.off('request', routes);
  server.on('request', (request, response) => {
    if (!take(request, response)) void routes.call(server, request, response);
  });
}
