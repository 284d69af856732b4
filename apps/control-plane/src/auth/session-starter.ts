import type { BetterAuthPlugin } from 'better-auth';
import { APIError, createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { z } from 'zod';

/** A session for somebody whom we have identified ourselves: as better-auth's own log-in starts one, without a route. */
export function sessionStarter() {
  return {
    id: 'leasehold-session-starter',
    endpoints: {
      startSession: createAuthEndpoint.serverOnly(
        { method: 'POST', body: z.object({ userId: z.string() }) },
        async (context) => {
          const { internalAdapter } = context.context;
          const user = await internalAdapter.findUserById(context.body.userId);
          if (!user) throw new APIError('UNAUTHORIZED');
          const session = await internalAdapter.createSession(user.id, false);
          await setSessionCookie(context, { session, user }, false);
          return context.json({ token: session.token });
        },
      ),
    },
  } satisfies BetterAuthPlugin;
}
