/** The gripper: one slider for fingers that move as one, else one for each joint. */

import { allow, byId, make, write } from '../dom.js';
import * as format from '../format.js';

/** @typedef {(command: string, body?: Record<string, unknown>) => Promise<void>} Command */
/** @typedef {{ joint: import('../types').Joint, slider: HTMLInputElement, label: HTMLElement }} Entry */

export class Gripper {
  /**
   * @param {import('../types').Model} model
   * @param {Command} command
   */
  constructor(model, command) {
    const joints = model.joints.filter(format.isGripper);
    this.open = byId('gripper-open', HTMLButtonElement);
    this.close = byId('gripper-close', HTMLButtonElement);
    this.command = command;
    /** @type {import('../types').Joint | null} whose slider is being dragged */
    this.sliding = null;
    this.isOne = model.gripper_moves_as_one;
    const first = byId('gripper-position', HTMLInputElement);
    const target = byId('gripper-target');
    this.sliders = (this.isOne ? joints.slice(0, 1) : joints).map((joint, index) => {
      const slider = index ? anotherBehind(first) : first;
      const label = this.isOne ? target : make('span');
      if (!this.isOne) {
        slider.setAttribute('aria-label', joint.name);
        slider.before(label);
      }
      const entry = { joint, slider, label };
      this.bind(entry);
      return entry;
    });
    byId('gripper-card').hidden = !joints.length;
    this.open.hidden = this.close.hidden = !this.isOne;
    if (!this.isOne) first.parentElement?.classList.add('several');
  }

  /** @param {Entry} entry */
  bind(entry) {
    const { joint, slider } = entry;
    const [lower, upper] = [joint.lower ?? 0, joint.upper ?? 0];
    const step = format.isLinear(joint) ? '0.0005' : '0.005';
    Object.assign(slider, { min: String(lower), max: String(upper), step, value: String(lower) });
    this.open.onclick = () => this.command('gripper', { position: upper });
    this.close.onclick = () => this.command('gripper', { position: lower });
    slider.oninput = () => {
      this.sliding = joint;
      this.showPlace(entry, Number(slider.value));
    };
    slider.onchange = () => {
      this.sliding = null;
      this.move();
    };
  }

  move() {
    const places = this.sliders.map(({ joint, slider }) => [joint.name, Number(slider.value)]);
    this.command('gripper', { position: this.isOne ? places[0][1] : Object.fromEntries(places) });
  }

  /**
   * @param {Entry} entry
   * @param {number | null} value
   */
  showPlace({ joint, label }, value) {
    const place = format.joined(format.position(joint, value));
    write(label, this.isOne ? place : `${joint.name} ${place}`);
  }

  /**
   * @param {import('../types').Snapshot | null} snapshot
   * @param {string} why
   */
  show(snapshot, why) {
    allow(why, byId('gripper-why'), this.open, this.close, ...this.sliders.map(({ slider }) => slider));
    if (why) this.sliding = null;
    for (const entry of this.sliders) {
      const { joint, slider } = entry;
      const reading = snapshot?.joints.find(({ name }) => name === joint.name);
      if (!reading || this.sliding === joint) continue;
      slider.classList.toggle('absent', reading.position === null);
      if (reading.position !== null) slider.value = String(reading.position);
      this.showPlace(entry, reading.position);
    }
  }
}

/** @param {HTMLInputElement} slider */
function anotherBehind(slider) {
  const other = /** @type {HTMLInputElement} */ (make('input'));
  other.type = 'range';
  slider.parentElement?.append(other);
  return other;
}
