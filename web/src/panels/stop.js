/** STOP: always there, also without a stream or a login; asked until the robot has answered. */

import { byId, write } from '../dom.js';

const PERSISTENCE = 10_000; // [ms] of asking again
const PAUSE = 300; // [ms] between two attempts

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
    this.button = byId('stop', HTMLButtonElement);
    this.button.addEventListener('pointerdown', () => this.press());
    this.button.addEventListener('click', () => this.press());
    // Captured before any other listener, so that no focused control swallows the key.
    window.addEventListener('keydown', (event) => this.key(event), { capture: true });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
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
    const giveUp = performance.now() + PERSISTENCE;
    let answer = await this.send();
    while (!answer.ok && performance.now() < giveUp) {
      this.onFailed(`STOP is not confirmed (${answer.message}). Asking again. Use the hardware stop.`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      answer = await this.send();
    }
    if (!answer.ok) this.onFailed(`STOP was not confirmed: ${answer.message}. Use the hardware stop.`);
    delete this.button.dataset.asking;
    this.isAsking = false;
  }

  /** @param {boolean} isLatched */
  show(isLatched) {
    this.button.dataset.latched = String(isLatched);
    write(byId('stop-note'), isLatched ? 'stopped; release above' : 'Esc or Space');
  }
}
