import { ConflictError } from '@leasehold/client';

import { one } from './dom.js';

/**
 * One note on the page, read or edited. What is saved is saved over the version that was there when editing began, or that was shown as the
 * conflict: nobody overwrites what they have not seen.
 */
export class NoteCard {
  /**
   * @param {import('./live-notes.js').NoteCollection} notes
   * @param {import('./live-notes.js').NoteEntry} entry
   * @param {(error: unknown) => void} onProblem
   */
  constructor(notes, entry, onProblem) {
    this.notes = notes;
    this.entry = entry;
    this.onProblem = onProblem;
    const template = one(document, 'template#note', HTMLTemplateElement);
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    this.element = one(copy, 'li', HTMLElement);
    this.text = one(copy, '.text', HTMLElement);
    this.view = one(copy, '.note > .actions', HTMLElement);
    this.editor = one(copy, 'form', HTMLFormElement);
    this.draft = one(copy, 'textarea', HTMLTextAreaElement);
    this.conflict = one(copy, '.conflict', HTMLElement);
    this.theirs = one(copy, 'blockquote', HTMLElement);
    this.saving = one(copy, '.save', HTMLButtonElement);
    this.isDeleted = false;
    /** Over which the draft is saved; null: the note is gone, and is written anew. @type {string | null} */
    this.base = entry.version;

    one(copy, '.edit', HTMLElement).addEventListener('click', () => this.edit());
    one(copy, '.cancel', HTMLElement).addEventListener('click', () => this.leave());
    one(copy, '.delete', HTMLElement).addEventListener('click', () => void this.delete().catch(onProblem));
    this.editor.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.save().catch(onProblem);
    });
    this.show(entry);
  }

  /** The note is gone; a draft of it stays until it is saved or left. */
  markDeleted() {
    this.isDeleted = true;
    if (this.editor.hidden) this.element.remove();
  }

  /** What the note says now; a draft of it stays as it is. @param {import('./live-notes.js').NoteEntry} entry */
  show(entry) {
    this.entry = entry;
    this.text.textContent = entry.value.text;
  }

  /** @private */
  edit() {
    this.base = this.entry.version;
    this.draft.value = this.entry.value.text;
    this.toggle(true);
    this.draft.focus();
  }

  /** @private */
  leave() {
    this.toggle(false);
    this.conflict.hidden = true;
    this.saving.textContent = 'Save';
    if (this.isDeleted) this.element.remove();
  }

  /** @private @param {boolean} isEdited */
  toggle(isEdited) {
    this.editor.hidden = !isEdited;
    this.view.hidden = isEdited;
    this.text.hidden = isEdited;
  }

  /** @private */
  async save() {
    const value = { text: this.draft.value };
    this.saving.disabled = true;
    try {
      const { version } = await this.notes.put(this.entry.key, value, { ifVersion: this.base });
      this.show({ ...this.entry, value, version });
      this.leave();
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      const present = await this.notes.get(this.entry.key);
      this.base = present?.version ?? null;
      this.theirs.textContent = present?.value.text ?? 'It was deleted.';
      this.conflict.hidden = false;
      this.saving.textContent = 'Save mine instead';
    } finally {
      this.saving.disabled = false;
    }
  }

  /** Only what is shown: a note that was changed meanwhile stays. @private */
  async delete() {
    try {
      await this.notes.delete(this.entry.key, { ifVersion: this.entry.version });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      this.onProblem(new Error('The note was changed just now; look at it again before you delete it.'));
    }
  }
}
