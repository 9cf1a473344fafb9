/** The joint table: what was read, where it lies within its limits, and the jog buttons beside it. */

import { allow, button, byId, make, write } from '../dom.js';
import * as format from '../format.js';
import { causesOf, isHot } from '../states.js';
import { condition } from '../words.js';

const NEAR_LIMIT = 0.03; // of the range
const SAME = 0.006; // of the range: the mark of the commanded position would lie under the other

/** @typedef {{press: (joint: string, velocity: number) => boolean, release: (joint: string) => void}} Jogging */

/** The rows of all joints. */
export class JointTable {
  /**
   * @param {import('../types').Joint[]} joints
   * @param {Jogging} jogging
   * @param {import('../types').Model['jog']} jog
   */
  constructor(joints, jogging, jog) {
    this.speed = jog.usual_speed;
    this.rows = joints.map((joint) => new Row(joint, jogging, () => this.speed));
    byId('joint-rows').replaceChildren(...this.rows.map((row) => row.root));
    this.offerSpeeds(jog.speeds);
  }

  /**
   * A joint is not held any more, whoever has let it go.
   *
   * @param {string} joint
   */
  lift(joint) {
    this.rows.find((row) => row.joint.name === joint)?.lift();
  }

  /** @param {number[]} speeds */
  offerSpeeds(speeds) {
    const place = byId('jog-speed');
    place.querySelectorAll('label').forEach((label) => label.remove());
    for (const speed of speeds) {
      const label = make('label');
      const input = document.createElement('input');
      Object.assign(input, { type: 'radio', name: 'jog-speed', value: String(speed), checked: speed === this.speed });
      input.onchange = () => (this.speed = speed);
      label.append(input, make('span', '', `${speed * 100} %`));
      place.append(label);
    }
  }

  /**
   * @param {import('../types').Snapshot} snapshot
   * @param {string} why not to jog
   */
  show(snapshot, why) {
    write(byId('jog-why'), why.trim() || 'Hold − or + to move a joint; release to stop.');
    const readings = new Map(snapshot.joints.map((reading) => [reading.name, reading]));
    for (const row of this.rows) {
      const reading = readings.get(row.joint.name);
      const error = snapshot.controller?.following_error[row.joint.name];
      if (reading) row.show(reading, { error, hot: isHot(snapshot, row.joint.name), isFaulty: causesOf(snapshot, row.joint.name).length > 0 });
      row.allow(why);
      row.showTest(snapshot.state.values);
    }
  }

  /** @param {string} why */
  forbid(why) {
    write(byId('jog-why'), why);
    for (const row of this.rows) row.allow(why);
  }
}

/**
 * A cell with a figure and a smaller one under it.
 *
 * @param {HTMLElement[]} parts
 */
function pair(...parts) {
  const cell = make('td', 'number');
  cell.append(...parts);
  return cell;
}

class Row {
  /**
   * @param {import('../types').Joint} joint
   * @param {Jogging} jogging
   * @param {() => number} speed
   */
  constructor(joint, jogging, speed) {
    this.joint = joint;
    this.root = make('tr', 'joint');
    this.root.dataset.joint = joint.name;
    const name = make('th', '', joint.name.replaceAll('_', ' '));
    name.setAttribute('scope', 'row');
    this.condition = make('small', 'condition');
    this.direction = make('small', 'direction');
    name.append(this.condition, this.direction);
    this.value = make('b');
    this.unit = make('small');
    this.absence = make('em', 'absence');
    this.bar = make('div', 'bar');
    this.commanded = make('i', 'commanded');
    this.measured = make('i', 'measured');
    this.bar.append(this.commanded, this.measured);
    this.bar.title = `${format.position(joint, joint.lower).join(' ')} to ${format.position(joint, joint.upper).join(' ')}`;
    this.velocity = make('span');
    this.error = make('small', 'beside');
    this.load = make('td', 'number');
    this.temperature = make('span');
    this.voltage = make('small', 'beside');
    const value = make('div', 'value');
    value.append(this.value, this.unit, this.absence);
    const middle = make('div', 'middle');
    middle.append(value, this.bar);
    const cell = make('td', 'wide');
    const line = make('div', 'jog');
    this.buttons = format.isGripper(joint) ? [] : [this.jogButton(-1, jogging, speed), this.jogButton(1, jogging, speed)];
    line.append(...this.buttons.slice(0, 1), middle, ...this.buttons.slice(1));
    cell.append(line);
    this.root.append(name, cell, pair(this.velocity, this.error), this.load, pair(this.temperature, this.voltage));
    this.error.title = 'Δ: goal minus position';
  }

  /**
   * @param {-1 | 1} direction
   * @param {Jogging} jogging
   * @param {() => number} speed
   */
  jogButton(direction, jogging, speed) {
    const element = button(direction < 0 ? '−' : '+', 'jog-button');
    element.setAttribute('aria-label', `${this.joint.name} ${direction < 0 ? 'minus' : 'plus'}, hold to move`);
    const press = () => {
      if (element.disabled) return;
      // One finger a joint: the other button of a joint that is held does nothing.
      if (!jogging.press(this.joint.name, direction * speed() * this.joint.velocity)) return;
      element.dataset.pressed = 'true';
    };
    const release = () => {
      if (element.dataset.pressed) jogging.release(this.joint.name);
    };
    element.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      press();
    });
    // A captured pointer reports to the button wherever it is released.
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      element.addEventListener(end, release);
    }
    // A second finger takes the focus, and not the press.
    let isKey = false;
    element.addEventListener('blur', () => isKey && release());
    element.addEventListener('contextmenu', (event) => event.preventDefault());
    element.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.repeat) return;
      isKey = true;
      press();
    });
    element.addEventListener('keyup', (event) => {
      if (event.key !== 'Enter') return;
      isKey = false;
      release();
    });
    return element;
  }

  /** @param {string} why */
  allow(why) {
    allow(why, null, ...this.buttons);
  }

  /**
   * While the arm is calibrated: the direction of its servo, and whether the joint is to be pushed.
   *
   * @param {Record<string, string>} values of the state
   */
  showTest(values) {
    const sign = values[`direction.${this.joint.name}`];
    write(this.direction, sign ? `direction ${sign.replace('-', '\u2212')}` : '');
    this.root.classList.toggle('asked', values.asked === this.joint.name);
  }

  lift() {
    for (const element of this.buttons) delete element.dataset.pressed;
  }

  /**
   * @param {import('../types').JointView} reading
   * @param {{error?: number, hot: boolean, isFaulty: boolean}} more by how much it is behind its set-point [rad] or [m], where the
   *   controller reports it; whether the robot warns of its temperature; whether it is at fault
   */
  show(reading, { error, hot, isFaulty }) {
    const { joint } = this;
    const isAbsent = reading.position === null;
    const [value, unit] = format.position(joint, reading.position);
    this.root.classList.toggle('absent', isAbsent);
    write(this.value, value);
    write(this.unit, isAbsent ? '' : unit);
    write(this.absence, isAbsent ? format.absence(reading.age) : '');
    this.place(this.measured, reading.position);
    const at = format.fraction(joint, reading.position);
    const aim = format.fraction(joint, reading.commanded);
    this.place(this.commanded, at !== null && aim !== null && Math.abs(at - aim) < SAME ? null : reading.commanded);
    // A gripper works at its limits.
    const isNear = at !== null && !format.isGripper(joint) && (at < NEAR_LIMIT || at > 1 - NEAR_LIMIT);
    this.bar.classList.toggle('near', isNear);
    write(this.velocity, format.joined(format.velocity(joint, reading.velocity)));
    write(this.load, format.joined(format.load(joint, reading)));
    write(this.error, error === undefined ? '' : `Δ ${format.joined(format.position(joint, error))}`);
    write(this.temperature, format.joined([format.number(reading.temperature, 0), '°C']));
    write(this.voltage, reading.voltage === null ? '' : format.joined([format.number(reading.voltage, 1), 'V']));
    write(this.condition, condition(reading));
    this.condition.classList.toggle('faulty', isFaulty);
    this.temperature.classList.toggle('hot', hot);
  }

  /**
   * @param {HTMLElement} mark
   * @param {number | null} value
   */
  place(mark, value) {
    const at = format.fraction(this.joint, value);
    mark.hidden = at === null;
    if (at !== null) mark.style.left = `${(at * 100).toFixed(2)}%`;
  }
}
