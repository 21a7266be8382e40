/** The key browser: a prefix, pages of keys, and an editor that overwrites only what it has shown. */
import { byId, element, setText } from './dom.js';
import { deleteKey, listKeys, readKey, writeKey } from './keys-api.js';
import { count, bytes as sizeText } from './text.js';

const previewLength = 120;

export class Browser {
  #rows = byId('key-rows');
  #note = byId('browser-note');
  #prefix = /** @type {HTMLInputElement} */ (byId('prefix'));
  #first = /** @type {HTMLButtonElement} */ (byId('first-page'));
  #next = /** @type {HTMLButtonElement} */ (byId('next-page'));
  #editor = new Editor(() => void this.#list(null));
  /** @type {string | null} */
  #cursor = null;
  #shown = 0;

  constructor() {
    byId('filter').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#list(null);
    });
    this.#first.addEventListener('click', () => void this.#list(null));
    this.#next.addEventListener('click', () => void this.#list(this.#cursor));
    byId('new-key').addEventListener('click', () => this.#editor.create(this.#prefix.value));
    void this.#list(null);
  }

  async #list(/** @type {string | null} */ cursor) {
    try {
      const page = await listKeys(this.#prefix.value, cursor);
      if (cursor === null) this.#shown = 0;
      const from = this.#shown + 1;
      this.#shown += page.items.length;
      this.#cursor = page.cursor ?? null;
      this.#first.disabled = cursor === null;
      this.#next.disabled = this.#cursor === null;
      this.#rows.replaceChildren(...page.items.map((item) => this.#row(item)));
      const which =
        page.count === 0 ? 'no keys' : `${count(from)} – ${count(this.#shown)} of ${count(page.count)} keys`;
      setText(this.#note, `${which} at revision ${count(page.revision)}`);
      this.#note.className = '';
    } catch (error) {
      setText(this.#note, messageOf(error));
      this.#note.className = 'bad';
    }
  }

  #row(/** @type {import('./keys-api.js').KeyValue} */ item) {
    const open = element('button', { type: 'button' }, item.key ?? `base64:${item.key_base64}`);
    const row = element(
      'tr',
      {},
      element('td', {}, open),
      element('td', {}, previewOf(item)),
      element('td', { class: 'number' }, count(item.mod_revision)),
      element('td', { class: 'number' }, count(item.version)),
      element('td', {}, item.lease ?? ''),
    );
    row.addEventListener('click', () => void this.#editor.open(item));
    return row;
  }
}

class Editor {
  #dialog = /** @type {HTMLDialogElement} */ (byId('editor'));
  #key = /** @type {HTMLInputElement} */ (byId('editor-key'));
  #value = /** @type {HTMLTextAreaElement} */ (byId('editor-value'));
  #note = byId('editor-note');
  #save = /** @type {HTMLButtonElement} */ (byId('editor-save'));
  #delete = /** @type {HTMLButtonElement} */ (byId('editor-delete'));
  #changed;
  /** @type {{ item: { key?: string, key_base64?: string }, revision: string, lease: string | null } | null} */
  #open = null;

  constructor(/** @type {() => void} */ changed) {
    this.#changed = changed;
    byId('editor-close').addEventListener('click', () => this.#dialog.close());
    byId('editor-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#carryOut(() => this.#write());
    });
    this.#delete.addEventListener('click', () => {
      if (this.#delete.textContent === 'delete') setText(this.#delete, 'really delete?');
      else void this.#carryOut(() => this.#remove());
    });
  }

  create(/** @type {string} */ prefix) {
    this.#open = null;
    this.#show({ key: prefix, value: '', note: 'A key that exists already is not overwritten.', isEditable: true });
  }

  async open(/** @type {import('./keys-api.js').KeyValue} */ item) {
    try {
      const { bytes, revision, lease } = await readKey(item);
      this.#open = { item, revision, lease };
      const value = textOf(bytes);
      const leased = lease === null ? '' : `, kept by lease ${lease}`;
      const note = `revision ${revision.replaceAll('"', '')}, ${sizeText(bytes.length)}${leased}`;
      this.#show({
        key: item.key ?? `base64:${item.key_base64}`,
        value: value ?? hexOf(bytes),
        note: value === null ? `${note}; the value is not text and is shown as hexadecimal digits` : note,
        isEditable: value !== null,
      });
    } catch (error) {
      this.#open = null;
      this.#show({ key: item.key ?? '', value: '', note: messageOf(error), isEditable: false });
    }
  }

  #show(
    /** @type {{ key: string, value: string, note: string, isEditable: boolean }} */ { key, value, note, isEditable },
  ) {
    this.#key.value = key;
    this.#key.readOnly = this.#open !== null;
    this.#value.value = value;
    this.#value.readOnly = !isEditable;
    this.#save.disabled = !isEditable;
    this.#delete.hidden = this.#open === null;
    setText(this.#delete, 'delete');
    setText(this.#note, note);
    this.#note.className = '';
    this.#dialog.showModal();
  }

  async #write() {
    const { item, revision, lease } = this.#open ?? { item: { key: this.#key.value }, revision: null, lease: null };
    if (item.key === '') throw new Error('a key has at least one character');
    await writeKey(item, this.#value.value, revision, lease);
  }

  async #remove() {
    if (this.#open !== null) await deleteKey(this.#open.item, this.#open.revision);
  }

  async #carryOut(/** @type {() => Promise<void>} */ act) {
    try {
      await act();
      this.#dialog.close();
      this.#changed();
    } catch (error) {
      setText(this.#delete, 'delete');
      setText(this.#note, messageOf(error));
      this.#note.className = 'bad';
    }
  }
}

function previewOf(/** @type {import('./keys-api.js').KeyValue} */ { value, value_base64 }) {
  const text = value ?? `base64:${value_base64 ?? ''}`;
  return text.length > previewLength ? `${text.slice(0, previewLength)}…` : text;
}

/** Null where it is not text: an editor would store something else than it was given. */
function textOf(/** @type {Uint8Array} */ bytes) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // A text area turns every line end into \n, and drops what it cannot show.
    return /[\r\0]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

function hexOf(/** @type {Uint8Array} */ bytes) {
  return [...bytes.subarray(0, 4096)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function messageOf(/** @type {unknown} */ error) {
  return error instanceof Error ? error.message : String(error);
}
