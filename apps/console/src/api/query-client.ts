import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { Problem } from './problem.js';

export const ME = ['me'] as const;

const FRESH_MS = 5_000;
const READ_RETRIES = 2;

/** What was read is shared by all screens; a session that has ended is noticed wherever it shows first. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: noticeEnd }),
  mutationCache: new MutationCache({ onError: noticeEnd }),
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (failures, error) => failures < READ_RETRIES && mayPass(error),
      throwOnError: false,
    },
    mutations: { retry: false },
  },
});

/** Of a refusal: whether it is because nobody is logged in any more. Then the log-in is shown. */
export function noticeEnd(error: unknown): void {
  if (error instanceof Problem && error.code === 'unauthenticated') queryClient.setQueryData(ME, null);
}

function mayPass(error: Error): boolean {
  return error instanceof Problem && (error.status === 0 || error.status >= 500);
}
