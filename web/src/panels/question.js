/** A step that is carried out only after a second word, in place: a dialog would take Esc from STOP. */

import { button } from '../dom.js';

/** A button that gives way to two: the second word, and cancel. */
export class Question {
  /**
   * @param {HTMLElement} place
   * @param {string} id
   * @param {string} label
   * @param {string} word the second one
   * @param {() => void} act
   */
  constructor(place, id, label, word, act) {
    this.isOffered = this.isAsked = false;
    this.first = button(label, 'recover');
    this.confirm = button(word, 'recover');
    this.cancel = button('Cancel');
    this.first.id = id;
    this.confirm.id = `${id}-confirm`;
    place.append(this.first, this.confirm, this.cancel);
    this.first.onclick = () => this.ask(true);
    this.cancel.onclick = () => this.ask(false);
    this.confirm.onclick = () => {
      this.ask(false);
      act();
    };
  }

  /** @param {boolean} isAsked */
  ask(isAsked) {
    this.isAsked = isAsked;
    this.show(this.isOffered);
    if (isAsked) this.confirm.focus();
  }

  /** @param {boolean} isOffered */
  show(isOffered) {
    this.isOffered = isOffered;
    this.isAsked &&= isOffered;
    this.first.hidden = !isOffered || this.isAsked;
    this.confirm.hidden = this.cancel.hidden = !this.isAsked;
  }
}
