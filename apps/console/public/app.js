import * as controlPlane from './control-plane.js';
import { Databases } from './databases.js';
import { $, busy, show, state, tell } from './dom.js';
import { Entries } from './entries.js';
import { Keys } from './keys.js';
import { Welcome } from './welcome.js';

/** The console: who is here decides between the welcome page and the workspace, the address which database is open. */
class Console {
  constructor(gatewayUrl) {
    this.welcome = new Welcome(() => this.enter());
    this.databases = new Databases({ onList: () => this.route(), onSessionEnd: () => this.sessionEnded() });
    this.keys = new Keys({
      onCreated: (secret, name, scopes) => this.keyCreated(secret, name, scopes),
      onSessionEnd: () => this.sessionEnded(),
      exampleUrl: () => this.database && gatewayUrl && `${gatewayUrl.replace(/\/$/, '')}/v1/db/${this.database}/keys`,
    });
    this.entries = new Entries({ gatewayUrl, createKey: () => this.keys.createForConsole() });
    window.addEventListener('hashchange', () => this.route());
    $('log-out').addEventListener('click', () =>
      busy(
        $('log-out'),
        () => this.leave(),
        (error) => tell(error.message),
      ),
    );
  }

  /** Opens the workspace if there is a session. @throws Problem other than that there is none */
  async start() {
    try {
      await this.enter();
    } catch (error) {
      if (error.status !== 401) throw error;
      // Whoever logs in next in this tab may be somebody else.
      this.entries.lock();
      this.welcome.open();
    }
  }

  async enter() {
    const { user, organization } = await controlPlane.whoAmI();
    this.welcome.close();
    $('organization').textContent = organization?.name ?? '';
    $('email').textContent = user.email;
    show($('account'));
    show($('workspace'));
    this.signedIn = true;
    this.route();
    $('main').focus();
    await Promise.all([this.databases.load(), this.keys.load()]);
  }

  async leave() {
    await controlPlane.logOut();
    this.closeWorkspace();
    history.replaceState(undefined, '', location.pathname);
    this.welcome.open();
    tell('You are logged out.');
  }

  sessionEnded() {
    if (!this.signedIn) return;
    this.closeWorkspace();
    this.welcome.open('Your session has ended. Log in again.');
  }

  closeWorkspace() {
    this.signedIn = false;
    this.database = undefined;
    this.entries.lock();
    this.entries.close();
    this.keys.clear();
    this.databases.clear();
    show($('account'), false);
    show($('workspace'), false);
  }

  route() {
    if (!this.signedIn) return;
    const named = /^#\/db\/([^/]+)$/.exec(location.hash)?.[1];
    const name = named === undefined ? undefined : decodeName(named);
    this.databases.choose(name);
    const changed = name !== this.database;
    this.database = name;
    document.title = name ? `${name} · Leasehold` : 'Leasehold';
    show($('no-database'), name === undefined);
    show($('database'), name !== undefined);
    const isFirst = this.databases.names.length === 0;
    $('no-database-text').textContent = isFirst
      ? 'Create your first database: give it a name.'
      : 'Choose one, or create another.';
    if (!changed) return;
    if (name === undefined) return this.entries.close();
    $('database-title').textContent = name;
    this.entries.open(name);
  }

  keyCreated(secret, name, scopes) {
    const canOpenData = scopes.includes('data:read') && scopes.includes('data:write');
    if (canOpenData) this.entries.use(secret, `“${name}”`);
  }
}

function decodeName(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

async function open() {
  show($('loading'));
  show($('unreachable'), false);
  try {
    const { gatewayUrl } = await controlPlane.consoleConfig();
    app ??= new Console(gatewayUrl);
    await app.start();
  } catch (error) {
    $('unreachable-reason').textContent = error.message;
    show($('unreachable'));
  } finally {
    show($('loading'), false);
  }
}

let app;
$('try-again').addEventListener('click', open);
state($('message'));
await open();
