import { RequestMethod, type Type } from '@nestjs/common';

const SAFE = new Set([RequestMethod.GET, RequestMethod.HEAD, RequestMethod.OPTIONS]);

/** Every route of these controllers that may change something: `POST /v1/things/:id`, sorted. */
export function mutatingRoutes(controllers: readonly Type[]): readonly string[] {
  return controllers
    .flatMap((controller) => {
      const base = metadataOf('path', controller) as string;
      const prototype = controller.prototype as Record<string, unknown>;
      return Object.getOwnPropertyNames(prototype).flatMap((name) => {
        const handler = name === 'constructor' ? undefined : prototype[name];
        const method = typeof handler === 'function' ? metadataOf('method', handler) : undefined;
        if (method === undefined || SAFE.has(method as RequestMethod)) return [];
        const path = [base, String(metadataOf('path', handler as object))]
          .map((part) => part.replace(/^\/|\/$/g, ''))
          .filter((part) => part !== '');
        return [`${RequestMethod[method as RequestMethod]} /${path.join('/')}`];
      });
    })
    .sort();
}

function metadataOf(key: string, target: object): unknown {
  return Reflect.getMetadata(key, target) as unknown;
}
