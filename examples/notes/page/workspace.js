import { connect } from '@leasehold/client';

import { api, ApiError } from './api.js';
import { one } from './dom.js';
import { followNotes, MAX_NOTES } from './live-notes.js';
import { NoteCard } from './note-card.js';
import { Tokens } from './tokens.js';

const SUFFIX_BYTES = 6;

/** The notes of who is signed in, live. */
export class Workspace {
  /** @param {(error: unknown) => void} onProblem */
  constructor(onProblem) {
    this.onProblem = onProblem;
    this.ended = new AbortController();
    /** By key; the newest first on the page. @type {Map<string, NoteCard>} */
    this.cards = new Map();
    this.list = one(document, '#notes', HTMLElement);
    this.tokenCount = 0;
    this.units = { read: 0, write: 0 };
    this.tokens = new Tokens(() => api('POST', 'token'));
  }

  /** Until `close`. */
  async open() {
    const first = await this.takeToken();
    /** The first one tells which database; it is also the first one to be used. @type {string | undefined} */
    let unused = first.token;
    const db = connect({
      url: first.url,
      database: first.database,
      token: async () => {
        const token = unused ?? (await this.takeToken()).token;
        unused = undefined;
        return token;
      },
      onResponse: ({ cost }) => this.count(cost),
    });
    say('#database', first.database);
    /** @type {import('./live-notes.js').NoteCollection} */
    this.notes = db.collection({ prefix: ['notes'] });
    await followNotes(this.notes, this.ended.signal, {
      onAll: (entries) => this.showAll(entries),
      onPut: (entry) => this.show(entry),
      onGone: (isGone) => this.remove(isGone),
      onState: (state) => say('#state', state),
    });
  }

  close() {
    this.ended.abort();
    this.tokens.stop();
    this.list.replaceChildren();
  }

  /** By time, so that the newest is the last key. @param {string} text */
  async add(text) {
    const suffix = Array.from(crypto.getRandomValues(new Uint8Array(SUFFIX_BYTES)), (byte) => byte.toString(36)).join(
      '',
    );
    await this.notes?.put([Date.now(), suffix], { text }, { ifVersion: null });
  }

  /** @private */
  async takeToken() {
    const grant = await this.tokens.take().catch((error) => {
      // The session is over: that concerns the whole page, and not only who needed the token.
      if (error instanceof ApiError && error.status === 401) this.onProblem(error);
      throw error;
    });
    this.tokenCount += 1;
    say('#token-count', this.tokenCount);
    return grant;
  }

  /** What this page has asked for so far. @private @param {import('@leasehold/client').Cost | undefined} cost */
  count(cost) {
    this.units.read += cost?.readUnits ?? 0;
    this.units.write += cost?.writeUnits ?? 0;
    say('#read-units', this.units.read);
    say('#write-units', this.units.write);
  }

  /** @private @param {readonly import('./live-notes.js').NoteEntry[]} entries */
  showAll(entries) {
    const present = new Set(entries.map(({ key }) => `${key}`));
    this.remove((key) => !present.has(`${key}`));
    for (const entry of entries.toReversed()) this.show(entry);
    this.sayWhetherEmpty();
  }

  /** @private @param {import('./live-notes.js').NoteEntry} entry */
  show(entry) {
    const { notes } = this;
    const known = this.cards.get(`${entry.key}`);
    if (known !== undefined) known.show(entry);
    else if (notes !== undefined) this.insert(new NoteCard(notes, entry, this.onProblem));
    this.sayWhetherEmpty();
  }

  /** Where its key puts it: mostly it is the newest. @private @param {NoteCard} card */
  insert(card) {
    const older = [...this.cards.values()].find(({ entry }) => isNewer(card.entry.key, entry.key));
    this.list.insertBefore(card.element, older?.element ?? null);
    const cards = [...this.cards.values()];
    cards.splice(older === undefined ? cards.length : cards.indexOf(older), 0, card);
    this.cards = new Map(cards.map((each) => [`${each.entry.key}`, each]));
    const last = cards.at(-1);
    if (cards.length > MAX_NOTES && last !== undefined) this.remove((key) => key === last.entry.key);
  }

  /** A note that is being edited stays until its editor is left. @private @param {(key: import('@leasehold/client').Key) => boolean} isGone */
  remove(isGone) {
    for (const [name, card] of this.cards) {
      if (!isGone(card.entry.key)) continue;
      this.cards.delete(name);
      card.markDeleted();
    }
    this.sayWhetherEmpty();
  }

  /** @private */
  sayWhetherEmpty() {
    one(document, '#nothing', HTMLElement).hidden = this.cards.size > 0;
  }
}

/** @param {import('@leasehold/client').Key} a @param {import('@leasehold/client').Key} b */
function isNewer(a, b) {
  const [[timeA = 0, suffixA = ''], [timeB = 0, suffixB = '']] = [a, b];
  return timeA === timeB ? suffixA > suffixB : timeA > timeB;
}

/** @param {string} selector @param {string | number} text */
function say(selector, text) {
  one(document, selector, HTMLElement).textContent = String(text);
}
