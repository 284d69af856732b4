import { Center, Loader } from '@mantine/core';
import { Suspense } from 'react';
import { Redirect, Route, Router, Switch } from 'wouter';

import { AcceptInvitation } from './account/accept-invitation.js';
import { ForgotPassword } from './account/forgot-password.js';
import { LogIn } from './account/log-in.js';
import { ResetPassword } from './account/reset-password.js';
import { SignUp } from './account/sign-up.js';
import { VerifyEmail } from './account/verify-email.js';
import { useMe } from './api/session.js';
import { Refused } from './parts/screen-state.js';
import { Screens } from './screens.js';
import { Shell } from './shell/shell.js';

/** Below the root of the origin lie the API and the files; the screens lie here. */
const BASE = '/console';

/** Who is here decides between the log-in and the screens; the address decides which screen. */
export function App() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to={BASE} replace />
      </Route>
      <Route path={`${BASE}/*?`}>
        <Router base={BASE}>
          <Suspense fallback={<Waiting />}>
            <Entrance />
          </Suspense>
        </Router>
      </Route>
    </Switch>
  );
}

/** What is open to everybody, and where links of mails lead; the rest wants a session. */
function Entrance() {
  return (
    <Switch>
      <Route path="/sign-up" component={SignUp} />
      <Route path="/forgot-password" component={ForgotPassword} />
      <Route path="/reset-password" component={ResetPassword} />
      <Route path="/verify-email" component={VerifyEmail} />
      <Route path="/invitation" component={AcceptInvitation} />
      <Route component={Inside} />
    </Switch>
  );
}

function Inside() {
  const me = useMe();
  if (me.isPending) return <Waiting />;
  if (me.data === undefined) return <Refused error={me.error} onRetry={() => void me.refetch()} />;
  if (me.data === null) return <LogIn />;
  return (
    <Shell me={me.data}>
      <Suspense fallback={<Waiting />}>
        <Screens />
      </Suspense>
    </Shell>
  );
}

function Waiting() {
  return (
    <Center mih="60vh">
      <Loader role="status" aria-label="Loading" />
    </Center>
  );
}
