/** The access key: asked for whenever the monitor wants it, without leaving the page. */

import { byId, write } from '../dom.js';
import { sentence } from '../states.js';

/** A small form over the page; STOP and its keys work beside it. */
export class Login {
  /**
   * @param {object} parts
   * @param {(key: string) => Promise<import('../types').Answer>} parts.send
   * @param {() => void} parts.onDone
   */
  constructor({ send, onDone }) {
    this.form = byId('login');
    this.key = byId('login-key', HTMLInputElement);
    this.form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const answer = await send(this.key.value.trim());
      write(byId('login-why'), answer.ok ? '' : sentence(answer.message));
      if (!answer.ok) return;
      this.key.value = '';
      this.form.hidden = true;
      onDone();
    });
  }

  get isOpen() {
    return !this.form.hidden;
  }

  ask() {
    if (this.isOpen) return;
    this.form.hidden = false;
    this.key.focus();
  }

  /** It is not needed any more: the stream is there. */
  close() {
    this.form.hidden = true;
  }
}
