import type { FastifyInstance } from 'fastify';

const DECORATOR = 'leaseholdRouteTable';

/** Which methods a path takes, so that a wrong method is told from a wrong path (405 and `Allow`, not 404). */
export class RouteTable {
  private readonly routes: { readonly segments: readonly string[]; readonly methods: readonly string[] }[] = [];

  static watch(instance: FastifyInstance): RouteTable {
    const table = new RouteTable();
    instance.decorate(DECORATOR, table);
    instance.addHook('onRoute', ({ url, method }) => table.add(url, [method].flat()));
    return table;
  }

  add(pattern: string, methods: readonly string[]): void {
    this.routes.push({ segments: pattern.split('/'), methods });
  }

  /** `GET /v1/things/:id`, sorted; HEAD is left out where there is GET. */
  list(): readonly string[] {
    const all = this.routes.flatMap(({ segments, methods }) =>
      methods.map((method) => `${method} ${segments.join('/')}`),
    );
    const known = new Set(all);
    return [...known].filter((route) => !route.startsWith('HEAD ') || !known.has(route.replace('HEAD', 'GET'))).sort();
  }

  /** Of the routes whose pattern matches the path of this raw request target, sorted. Catch-all routes do not count. */
  methodsAt(target: string): readonly string[] {
    const segments = (/^[^?#]*/.exec(target)?.[0] ?? '').split('/');
    const matching = this.routes.filter((route) => matches(route.segments, segments));
    return [...new Set(matching.flatMap(({ methods }) => methods))].sort();
  }
}

export function routeTableOf(instance: FastifyInstance): RouteTable | undefined {
  return instance.hasDecorator(DECORATOR) ? instance.getDecorator<RouteTable>(DECORATOR) : undefined;
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, i) => (part.startsWith(':') ? segments[i] !== '' : part === segments[i]))
  );
}
