import { sizeOf, textOf, toBase64, utf8 } from './bytes.js';
import { $, busy, complain, confirm, show, tell } from './dom.js';

const MAX_KEY_BYTES = 2_048;
const MAX_VALUE_BYTES = 512 * 1_024;

/** One entry to read, write and delete. Nobody's change is overwritten unseen: each write names the version that was read. */
export class EntryDialog {
  constructor({ onChange }) {
    this.onChange = onChange;
    this.dialog = $('entry-dialog');
    this.form = $('entry');
    const fail = (error) => this.fail(error);
    this.dialog.querySelector('[data-close]').addEventListener('click', () => this.dialog.close());
    $('reload-entry').addEventListener('click', () => busy($('reload-entry'), () => this.reload(), fail));
    $('delete-entry').addEventListener('click', () => busy($('delete-entry'), () => this.delete(), fail));
    $('entry-value').addEventListener('input', () => this.note());
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      busy($('save-entry'), () => this.save(), fail);
    });
    // Ctrl+Enter saves from inside the value, where Enter is a new line.
    this.form.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.form.requestSubmit();
    });
  }

  /** @param entry undefined for a new one */
  open(dataPlane, entry) {
    this.dataPlane = dataPlane;
    this.fill(entry);
    this.dialog.showModal();
    (entry ? $('entry-value') : $('entry-key')).focus();
  }

  close() {
    this.dialog.close();
  }

  fill(entry) {
    this.entry = entry;
    const keyText = entry && textOf(entry.key);
    const valueText = entry ? textOf(entry.value) : '';
    this.binary = valueText === undefined;
    $('entry-title').textContent = entry ? 'Entry' : 'New entry';
    $('entry-key').value = entry ? (keyText ?? `base64: ${toBase64(entry.key)}`) : '';
    $('entry-key').readOnly = entry !== undefined;
    $('entry-value').value = valueText ?? toBase64(entry.value);
    $('entry-value').readOnly = this.binary;
    show($('save-entry'), !this.binary);
    show($('delete-entry'), entry !== undefined);
    show($('reload-entry'), false);
    complain(this.form);
    this.note();
  }

  note() {
    const value = $('entry-value').value;
    const about = this.binary
      ? `Not text: shown in base64, and not to be edited here. ${sizeOf(this.entry.value)}`
      : sizeOf(utf8(value));
    $('entry-note').textContent = this.entry ? `${about} · version ${this.entry.version}` : about;
  }

  async save() {
    complain(this.form);
    const key = this.entry?.key ?? utf8($('entry-key').value);
    const value = utf8($('entry-value').value);
    if (key.byteLength === 0) {
      $('entry-key').focus();
      return complain(this.form, 'Give the entry a key.');
    }
    if (key.byteLength > MAX_KEY_BYTES) return complain(this.form, `A key has at most ${MAX_KEY_BYTES} bytes.`);
    if (value.byteLength > MAX_VALUE_BYTES) return complain(this.form, 'A value has at most 512 KiB.');
    await this.dataPlane.put(key, value, this.entry?.version);
    this.dialog.close();
    tell('Saved.');
    this.onChange(key);
  }

  async delete() {
    const sure = await confirm(
      'Delete this entry?',
      'Its value is gone for everybody who reads this database.',
      'Delete',
    );
    if (!sure) return;
    await this.dataPlane.delete(this.entry.key, this.entry.version);
    this.dialog.close();
    tell('Deleted.');
    this.onChange(this.entry.key);
  }

  async reload() {
    const present = await this.dataPlane.get(this.entry?.key ?? utf8($('entry-key').value));
    if (present) return this.fill(present);
    this.entry = undefined;
    $('entry-title').textContent = 'New entry';
    show($('delete-entry'), false);
    show($('reload-entry'), false);
    complain(this.form, 'Somebody deleted this entry. Saving writes it anew.');
    this.note();
  }

  fail(error) {
    if (error.code === 'precondition-failed') {
      const what = this.entry
        ? 'Somebody changed this entry since you opened it.'
        : 'There is an entry with this key already.';
      complain(this.form, `${what} Nothing was written.`);
      show($('reload-entry'));
    } else {
      complain(this.form, error.message);
    }
  }
}
