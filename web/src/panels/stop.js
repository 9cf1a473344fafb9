/** STOP: always there, also without a stream or a login; asked for until the robot has confirmed it. */

import { byId, write } from '../dom.js';

const AGAIN = 1000; // [ms]; a request that hangs does not keep the next one back
const PAUSE = 300; // [ms] after one that has failed

/** The button and its keys. */
export class Stop {
  /**
   * @param {object} parts
   * @param {() => Promise<import('../types').Answer>} parts.send
   * @param {() => void} parts.onPressed called at once
   * @param {(message: string) => void} parts.onFailed
   */
  constructor({ send, onPressed, onFailed }) {
    this.send = send;
    this.onPressed = onPressed;
    this.onFailed = onFailed;
    this.isAsking = false;
    this.isConfirmed = false;
    this.isLatched = false; // as the robot says
    this.isOffered = true;
    this.button = byId('stop', HTMLButtonElement);
    this.button.addEventListener('pointerdown', () => this.press());
    this.button.addEventListener('click', () => this.press());
    // Captured before any other listener, so that no focused control swallows the key.
    window.addEventListener('keydown', (event) => this.key(event), { capture: true });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.isOffered) return;
    const isTyping = event.target instanceof HTMLInputElement && event.target.type === 'text';
    if (event.key !== 'Escape' && (event.key !== ' ' || isTyping)) return;
    event.preventDefault();
    if (!event.repeat) this.press();
  }

  async press() {
    this.onPressed();
    if (this.isAsking) return;
    this.isAsking = true;
    this.button.dataset.asking = 'true';
    this.announce('STOP sent…');
    const begun = performance.now();
    this.isConfirmed = false;
    for (;;) {
      await this.attempt();
      if (this.isConfirmed || this.isLatched) break;
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      this.announce(`NOT CONFIRMED for ${seconds} s: use the hardware stop! Asking again.`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    delete this.button.dataset.asking;
    this.isAsking = false;
    this.announce(this.isLatched ? '' : 'STOP is confirmed.');
  }

  /** One request, awaited for a second; its answer counts also where it comes later, beside the next one. */
  async attempt() {
    const answer = this.send().then((result) => {
      this.isConfirmed ||= result.ok;
      return result.message;
    });
    const late = new Promise((resolve) => setTimeout(resolve, AGAIN, 'no answer yet'));
    const message = await Promise.race([answer, late]);
    if (!this.isConfirmed) this.onFailed(`STOP is not confirmed (${message}). Asking again. Use the hardware stop.`);
  }

  /** @param {boolean} isOffered not where nothing could be stopped, so that nobody relies on it */
  offer(isOffered) {
    this.isOffered = isOffered;
    /** @type {HTMLElement} */ (this.button.parentElement).hidden = !isOffered;
  }

  /** @param {string} text */
  announce(text) {
    write(byId('stop-message'), text);
  }

  /** @param {boolean} isLatched as the robot itself says */
  show(isLatched) {
    if (isLatched && !this.isLatched && !this.isAsking) this.announce('');
    this.isLatched = isLatched;
    this.button.dataset.latched = String(isLatched);
    write(byId('stop-note'), isLatched ? 'stopped; release above' : 'Esc or Space');
  }
}
