import type { ObjectStore } from './object-store.js';

/** The same store for one request: every call names the trace that it is a part of. Without one, the store itself. */
export function tracedStore(store: ObjectStore, traceparent: string | undefined): ObjectStore {
  if (traceparent === undefined) return store;
  return {
    get: (key, options) => store.get(key, { ...options, traceparent }),
    put: (key, body, condition, options) => store.put(key, body, condition, { ...options, traceparent }),
    delete: (key, options) => store.delete(key, { ...options, traceparent }),
    list: (prefix, options) => store.list(prefix, { ...options, traceparent }),
  };
}
