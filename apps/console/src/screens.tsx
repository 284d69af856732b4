import { lazy } from 'react';
import { Redirect, Route, Switch } from 'wouter';

import { Message } from './parts/screen-state.js';

const Databases = lazy(async () => ({ default: (await import('./databases/databases.js')).Databases }));
const DatabasePage = lazy(async () => ({ default: (await import('./database/database-page.js')).DatabasePage }));
const Keys = lazy(async () => ({ default: (await import('./keys/keys.js')).Keys }));
const Start = lazy(async () => ({ default: (await import('./start/start.js')).Start }));

/** Every screen behind the log-in, each loaded when it is first wanted. */
export function Screens() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/databases" replace />
      </Route>
      <Route path="/start" component={Start} />
      <Route path="/databases" component={Databases} />
      <Route path="/databases/:name/:tab?" component={DatabasePage} />
      <Route path="/keys" component={Keys} />
      <Route>
        <Message icon="search" title="There is no such page" text="The address may be old, or mistyped." />
      </Route>
    </Switch>
  );
}
