import { useQuery } from '@tanstack/react-query';

import { answerOf, control, type Schemas } from '../api/control.js';
import { usePages } from '../api/pages.js';
import { Problem } from '../api/problem.js';

export type Invoice = Schemas['Invoice'];

export const INVOICES = ['invoices'] as const;

/** Those that are issued, the latest month in front. */
export function useInvoiceList() {
  return usePages([...INVOICES], (page, signal) =>
    answerOf(control.GET('/v1/invoices', { signal, params: { query: page } })),
  );
}

/** An invoice, or the draft of a month (`2026-11`); null: nothing was billed in it. */
export function useInvoice(id: string) {
  return useQuery({
    queryKey: [...INVOICES, id],
    queryFn: async ({ signal }) => {
      try {
        return await answerOf(control.GET('/v1/invoices/{id}', { signal, params: { path: { id } } }));
      } catch (error) {
        if (error instanceof Problem && error.code === 'not-found') return null;
        throw error;
      }
    },
  });
}

/** `2026-11`, in UTC. */
export function monthOf(date: Date): string {
  return date.toISOString().slice(0, 7);
}
