import * as controlPlane from './control-plane.js';
import { $, busy, complain, confirm, make, show, state, tell } from './dom.js';

/** A key that a tab made for itself outlives the tab by hours, not for ever. */
const CONSOLE_KEY_MS = 12 * 60 * 60 * 1_000;

/** The list of API keys, and the dialog that makes one and shows its secret once. Secrets are never stored. */
export class Keys {
  constructor({ onCreated, onSessionEnd, exampleUrl }) {
    this.onCreated = onCreated;
    this.onSessionEnd = onSessionEnd;
    this.exampleUrl = exampleUrl;
    this.keys = [];
    this.dialog = $('key-dialog');
    this.form = $('create-key');
    $('new-key').addEventListener('click', () => this.open());
    $('more-keys').addEventListener('click', () => this.load(this.cursor));
    $('copy-key').addEventListener('click', () => this.copy());
    for (const button of this.dialog.querySelectorAll('[data-close]')) {
      button.addEventListener('click', () => this.dialog.close());
    }
    this.dialog.addEventListener('close', () => this.forgetSecret());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      busy(
        this.form.querySelector('[type=submit]'),
        () => this.create(),
        (error) => this.fail(error),
      );
    });
  }

  clear() {
    this.keys = [];
    $('keys').replaceChildren();
    this.dialog.close();
    this.forgetSecret();
  }

  async load(cursor) {
    if (!cursor) this.keys = [];
    state($('keys-state'), 'Loading…', { busy: true });
    try {
      const page = await controlPlane.listKeys(cursor);
      this.keys.push(...page.keys);
      this.cursor = page.cursor ?? undefined;
      show($('more-keys'), this.cursor !== undefined);
      const now = Date.now();
      const live = this.keys.filter((key) => !key.revokedAt && !(Date.parse(key.expiresAt) <= now));
      state($('keys-state'), live.length === 0 ? 'None yet.' : '');
      $('keys').replaceChildren(...live.map((key) => this.row(key)));
    } catch (error) {
      if (error.status === 401) return this.onSessionEnd();
      state($('keys-state'), error.message, { retry: () => this.load(cursor) });
    }
  }

  open() {
    this.form.reset();
    complain(this.form);
    show(this.form);
    show($('created-key'), false);
    this.dialog.setAttribute('aria-labelledby', 'key-dialog-title');
    this.dialog.showModal();
    $('key-name').focus();
  }

  async create() {
    complain(this.form);
    const name = $('key-name').value.trim();
    const scopes = new FormData(this.form).getAll('scopes');
    if (name === '') {
      $('key-name').focus();
      return complain(this.form, 'Give the key a name, so that you know it again.');
    }
    if (scopes.length === 0) return complain(this.form, 'A key that may do nothing is of no use: choose something.');
    const created = await controlPlane.createKey(name, scopes);
    this.showSecret(created.key);
    this.onCreated(created.key, name, scopes);
    await this.load();
  }

  /** A key for the data panel of this tab, without showing it. */
  async createForConsole() {
    const name = 'Console';
    const scopes = ['data:read', 'data:write'];
    const expiresAt = new Date(Date.now() + CONSOLE_KEY_MS).toISOString();
    const created = await controlPlane.createKey(name, scopes, expiresAt);
    this.onCreated(created.key, name, scopes);
    await this.load();
  }

  async revoke({ id, name, lastFour }) {
    const text = 'Whatever uses it is refused within seconds. This cannot be undone.';
    if (!(await confirm(`Revoke “${name}” …${lastFour}?`, text, 'Revoke'))) return;
    await controlPlane.revokeKey(id);
    tell('Key revoked.');
    await this.load();
    $('new-key').focus();
  }

  showSecret(secret) {
    show(this.form, false);
    $('key-secret').value = secret;
    const url = this.exampleUrl();
    show($('curl'), Boolean(url));
    $('curl-text').textContent = !url ? '' : `curl -H 'Authorization: Bearer ${secret}' \\\n  '${url}'`;
    show($('created-key'));
    $('created-key').querySelector('h2').focus();
  }

  forgetSecret() {
    $('key-secret').value = '';
    $('copy-key').textContent = 'Copy';
    $('curl-text').textContent = '';
    this.form.reset();
  }

  async copy() {
    const field = $('key-secret');
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      tell('Key copied.');
      $('copy-key').textContent = 'Copied';
    } catch {
      tell('The browser does not let us copy. The key is selected: copy it yourself.');
    }
  }

  fail(error) {
    if (error.status === 401) this.onSessionEnd();
    else complain(this.form, error.message);
  }

  row(key) {
    const { name, lastFour, scopes, expiresAt } = key;
    const until = expiresAt ? ` · until ${when(expiresAt)}` : '';
    const revoke = make('button', { type: 'button', class: 'link', 'aria-label': `Revoke ${name}` }, 'Revoke');
    revoke.addEventListener('click', () => {
      busy(
        revoke,
        () => this.revoke(key),
        (error) => (error.status === 401 ? this.onSessionEnd() : tell(error.message)),
      );
    });
    return make(
      'li',
      { class: 'key' },
      make('span', { class: 'name', title: name }, name),
      make('span', { class: 'code faint', title: `Ends in ${lastFour}` }, `…${lastFour}`),
      make('span', { class: 'scopes' }, scopes.join(' · ') + until),
      revoke,
    );
  }
}

function when(instant) {
  const date = new Date(instant);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString([], { timeStyle: 'short' })
    : date.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
}
