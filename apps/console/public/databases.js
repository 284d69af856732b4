import * as controlPlane from './control-plane.js';
import { $, busy, complain, make, show, state, tell } from './dom.js';

/** The list of databases, and the form that makes another. A database is chosen by the address: `#/db/<name>`. */
export class Databases {
  constructor({ onList, onSessionEnd }) {
    this.onList = onList;
    this.onSessionEnd = onSessionEnd;
    this.names = [];
    this.form = $('create-database');
    $('more-databases').addEventListener('click', () => this.load(this.cursor));
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
    this.names = [];
    $('databases').replaceChildren();
    this.form.reset();
    complain(this.form);
  }

  async load(cursor) {
    if (!cursor) this.names = [];
    state($('databases-state'), 'Loading…', { busy: true });
    try {
      const page = await controlPlane.listDatabases(cursor);
      this.names.push(...page.databases.map(({ name }) => name));
      this.cursor = page.cursor ?? undefined;
      show($('more-databases'), this.cursor !== undefined);
      state($('databases-state'), this.names.length === 0 ? 'None yet. Create your first one:' : '');
      this.render();
      this.onList();
    } catch (error) {
      if (error.status === 401) return this.onSessionEnd();
      state($('databases-state'), error.message, { retry: () => this.load(cursor) });
    }
  }

  choose(name) {
    this.chosen = name;
    this.render();
  }

  render() {
    const rows = this.names.map((name) => {
      const current = name === this.chosen;
      const link = make('a', { href: `#/db/${encodeURIComponent(name)}`, title: name }, name);
      if (current) link.setAttribute('aria-current', 'page');
      return make('li', {}, link);
    });
    $('databases').replaceChildren(...rows);
  }

  async create() {
    complain(this.form);
    const field = $('database-name');
    const name = field.value.trim();
    if (name === '') {
      field.focus();
      complain(this.form, 'Give the database a name.');
      return;
    }
    await controlPlane.createDatabase(name);
    this.form.reset();
    tell(`Database ${name} is ready.`);
    await this.load();
    location.hash = `#/db/${encodeURIComponent(name)}`;
  }

  fail(error) {
    if (error.status === 401) this.onSessionEnd();
    else complain(this.form, error.message);
  }
}
