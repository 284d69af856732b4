import { shown, sizeOf } from './bytes.js';
import { DataPlane } from './data-plane.js';
import { $, busy, complain, make, show, state } from './dom.js';
import { EntryDialog } from './entry-dialog.js';

const PREVIEW_BYTES = 160;
/** Of this tab alone: survives a reload, and is gone when the tab is closed, the key is changed or somebody logs out. */
const REMEMBERED = 'leasehold-key-in-use';

/** The data of the chosen database, read and written with an API key that only this tab knows. */
export class Entries {
  constructor({ gatewayUrl, createKey }) {
    this.gatewayUrl = gatewayUrl;
    this.createKey = createKey;
    this.dialog = new EntryDialog({ onChange: (key) => this.refresh(key) });
    this.unlockForm = $('unlock');
    const failUnlock = (error) => complain(this.unlockForm, error.message);
    $('create-console-key').addEventListener('click', () => {
      complain(this.unlockForm);
      busy($('create-console-key'), () => this.createKey(), failUnlock);
    });
    this.unlockForm.addEventListener('submit', (event) => {
      event.preventDefault();
      const key = $('paste-key').value.trim();
      if (key === '') return complain(this.unlockForm, 'Paste an API key, or create one.');
      this.use(key, `…${key.slice(-4)}`);
    });
    $('forget-key').addEventListener('click', () => this.lock());
    $('filter').addEventListener('submit', (event) => {
      event.preventDefault();
      this.reload();
    });
    // The cross of the search field empties it without a submit.
    $('prefix').addEventListener('search', () => this.reload());
    $('new-entry').addEventListener('click', () => this.dialog.open(this.dataPlane));
    $('more-entries').addEventListener('click', () => this.loadMore());
    const remembered = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? 'null');
    if (remembered) this.use(remembered.apiKey, remembered.name);
  }

  /** Uses the key from now on, in whatever database is open. */
  use(apiKey, name) {
    this.apiKey = apiKey;
    sessionStorage.setItem(REMEMBERED, JSON.stringify({ apiKey, name }));
    $('key-in-use-name').textContent = `Key ${name}`;
    this.unlockForm.reset();
    if (this.database) this.open(this.database);
  }

  open(database) {
    if (database !== this.database) $('filter').reset();
    this.database = database;
    show($('no-gateway'), !this.gatewayUrl);
    const unlocked = this.apiKey !== undefined && Boolean(this.gatewayUrl);
    show(this.unlockForm, !unlocked && Boolean(this.gatewayUrl));
    show($('data'), unlocked);
    show($('key-in-use'), unlocked);
    if (!unlocked) return;
    this.dataPlane = new DataPlane(this.gatewayUrl, database, this.apiKey);
    this.reload();
  }

  close() {
    this.database = undefined;
    this.turn = undefined;
    $('entries').replaceChildren();
    this.dialog.close();
  }

  /** Forgets the key. */
  lock(text = '') {
    this.apiKey = undefined;
    sessionStorage.removeItem(REMEMBERED);
    this.dataPlane = undefined;
    this.turn = undefined;
    $('entries').replaceChildren();
    this.dialog.close();
    complain(this.unlockForm, text);
    if (this.database) this.open(this.database);
  }

  async reload() {
    this.cursor = undefined;
    await this.load([]);
  }

  /** Shows what became of an entry, and gives the focus, which the old row took with it, to the new one. */
  async refresh(key) {
    await this.reload();
    if (document.activeElement !== document.body) return;
    const title = shown(key);
    const row = [...$('entries').querySelectorAll('.cell')].find((cell) => cell.title === title);
    (row ?? $('new-entry')).focus();
  }

  loadMore() {
    return busy(
      $('more-entries'),
      () => this.load([...$('entries').children]),
      () => undefined,
    );
  }

  async load(rows) {
    // An answer that was overtaken by another question is dropped.
    const turn = (this.turn = Symbol('turn'));
    const { dataPlane, cursor } = this;
    const prefix = $('prefix').value;
    state($('entries-state'), 'Loading…', { busy: true });
    try {
      const page = await dataPlane.list(prefix, cursor);
      if (turn !== this.turn) return;
      this.cursor = page.cursor;
      $('entries').replaceChildren(...rows, ...page.entries.map((entry) => this.row(entry)));
      const isEmpty = $('entries').children.length === 0;
      const nothing = prefix ? 'No key begins with this.' : 'This database is empty. Write the first entry.';
      state($('entries-state'), isEmpty ? nothing : '');
      show($('entries-frame'), !isEmpty);
      show($('more-entries'), Boolean(page.cursor));
    } catch (error) {
      if (turn !== this.turn) return;
      if (error.status === 401) return this.lock(`${error.message} Use another key.`);
      state($('entries-state'), error.message, { retry: () => this.load(rows) });
    }
  }

  row(entry) {
    const key = shown(entry.key);
    const open = make('button', { type: 'button', class: 'cell code', title: key }, key);
    open.addEventListener('click', () => this.dialog.open(this.dataPlane, entry));
    const preview = shown(entry.value, PREVIEW_BYTES);
    return make(
      'tr',
      {},
      make('th', { scope: 'row' }, open),
      make('td', { class: 'code preview' }, preview === '' ? make('span', { class: 'faint' }, 'empty') : preview),
      make('td', { class: 'number faint' }, sizeOf(entry.value)),
    );
  }
}
