import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@leasehold/foundation-testing';
import type { ClaimedDelivery, DeliveryOutcome, Metadata } from '@leasehold/metadata';
import { createLogger } from '@leasehold/service-kit';

import { DeliveryLoop } from './delivery-loop.js';

const OUTCOME = { status: 200 } as DeliveryOutcome;

describe('the loop of deliveries', () => {
  it('tells how many are under way to each webhook, until they have ended', async () => {
    const asked: (readonly [room: number, underWay: object])[] = [];
    const due = ['hanging', 'hanging', 'quick'];
    const deliveries = {
      claim: async (_now: Date, _until: Date, room: number, _each: number, underWay: ReadonlyMap<string, number>) => {
        asked.push([room, Object.fromEntries(underWay)]);
        return due.splice(0).map((webhookId) => ({ webhookId }) as ClaimedDelivery);
      },
      settle: async () => true,
    };
    let release: () => void = () => undefined;
    const hanging = new Promise<DeliveryOutcome>((resolve) => (release = () => resolve(OUTCOME)));
    const send = ({ webhookId }: ClaimedDelivery) => (webhookId === 'hanging' ? hanging : Promise.resolve(OUTCOME));
    const metadata = { deliveries } as unknown as Metadata;
    const loop = new DeliveryLoop(metadata, { send }, new FakeClock(), createLogger('test', 'silent'));
    const { signal } = new AbortController();
    for (let look = 0; look < 2; look++) {
      await loop.look(signal);
      await settled();
    }
    release();
    await settled();
    await loop.look(signal);
    expect(asked).toEqual([
      [32, {}],
      [30, { hanging: 2 }],
      [32, {}],
    ]);
  });
});

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
