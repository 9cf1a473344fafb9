/** What a command answered, shown for a while. */

import { byId, write } from '../dom.js';
import { sentence } from '../words.js';

const STAYS = 6000; // [ms]
const SETTLES = 500; // [ms]; the state that a command brings is published apart from its answer
const BROUGHT = ['DISABLED', 'ENABLED', 'MOVING', 'PARKING'];

/** One message; of success only as long as the state is the one that it speaks of. */
export class Toast {
  constructor() {
    this.root = byId('toast');
    this.state = '';
    this.shownAt = -Infinity;
    this.timer = 0;
  }

  /**
   * @param {string} message
   * @param {boolean} isGood
   */
  show(message, isGood) {
    write(this.root, sentence(message));
    this.root.dataset.good = String(isGood);
    this.root.hidden = false;
    this.shownAt = performance.now();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (this.root.hidden = true), isGood ? STAYS : 2 * STAYS);
  }

  /** @param {string} state the robot's, or none without a link */
  follow(state) {
    if (state === this.state) return;
    this.state = state;
    const isBrought = BROUGHT.includes(state) && performance.now() - this.shownAt < SETTLES;
    if (this.root.dataset.good === 'true' && !isBrought) this.root.hidden = true;
  }
}
