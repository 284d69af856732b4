import { useQuery } from '@tanstack/react-query';

import { answerOf, control, type Schemas } from '../api/control.js';

export type Webhook = Schemas['Webhook'];

export const WEBHOOKS = ['webhooks'] as const;

/** All of them: there are few. */
export function useWebhookList() {
  return useQuery({
    queryKey: WEBHOOKS,
    queryFn: ({ signal }) => answerOf(control.GET('/v1/webhooks', { signal })),
  });
}
