import { useQuery, useQueryClient } from '@tanstack/react-query';

import { answerOf, control, type Schemas } from './control.js';
import { Problem } from './problem.js';
import { ME } from './query-client.js';

export type Me = Schemas['Me'];
export type Role = NonNullable<Me['organization']>['role'];

/** Who decides about people, keys and settings: the table of docs/accounts.md. */
export const ADMINS: readonly Role[] = ['owner', 'admin'];
/** Who makes and changes databases, and works with what is in them. */
export const BUILDERS: readonly Role[] = ['owner', 'admin', 'developer'];
/** Who sees usage and invoices. */
export const PAYERS: readonly Role[] = ['owner', 'admin', 'finance'];

/**
 * Who is here, and for which organization; null: nobody is logged in. Asked again by who comes back to this tab: all tabs are one session, and in
 * another one it may act for another organization by now. What was read for the one before is forgotten then.
 */
export function useMe() {
  const client = useQueryClient();
  return useQuery({
    queryKey: ME,
    staleTime: Infinity,
    refetchOnWindowFocus: 'always',
    queryFn: async () => {
      const before = client.getQueryData<Me | null>(ME);
      const me = await readMe();
      if (before && placeOf(before) !== placeOf(me)) {
        client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME[0] });
      }
      return me;
    },
  });
}

/** Whose what is read is. */
function placeOf(me: Me | null): string {
  return me === null ? '' : `${me.user.id} ${me.organization?.id ?? ''}`;
}

/** Of a screen behind the log-in. */
export function useSignedIn(): Me {
  const me = useQueryClient().getQueryData<Me | null>(ME);
  if (!me) throw new Error('this screen is shown to people who are logged in');
  return me;
}

export function useMay(roles: readonly Role[]): boolean {
  const role = useSignedIn().organization?.role;
  return role !== undefined && roles.includes(role);
}

async function readMe(): Promise<Me | null> {
  try {
    return await answerOf(control.GET('/v1/me'));
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}
