import { HeadStore } from '@leasehold/engine';
import { tracedStore } from '@leasehold/object-store';

import type { OwnershipContext } from './context.js';

/** The same for work that one caller's trace stands behind: what it asks of the bucket names that trace. */
export function tracedContext(ctx: OwnershipContext, traceparent: string | undefined): OwnershipContext {
  if (traceparent === undefined) return ctx;
  const store = tracedStore(ctx.store, traceparent);
  return { ...ctx, store, heads: new HeadStore({ store, clock: ctx.clock, random: ctx.random }) };
}
