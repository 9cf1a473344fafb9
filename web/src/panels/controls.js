/** Poses, gripper and recording. */

import { allow, button, byId, write } from '../dom.js';
import * as format from '../format.js';

/** @typedef {(command: string, body?: Record<string, unknown>) => Promise<void>} Command */

/** The cards beside the arm. */
export class Controls {
  /**
   * @param {import('../types').Model} model
   * @param {Command} command
   */
  constructor(model, command) {
    this.isRecording = false;
    this.isSliding = false;
    this.stopMotion = byId('stop-motion', HTMLButtonElement);
    this.record = byId('record', HTMLButtonElement);
    this.open = byId('gripper-open', HTMLButtonElement);
    this.close = byId('gripper-close', HTMLButtonElement);
    this.slider = byId('gripper-position', HTMLInputElement);
    this.stopMotion.onclick = () => command('stop_motion');
    this.record.onclick = () => command('record', { on: !this.isRecording });
    this.poses = Object.keys(model.poses).map((pose) => {
      const element = button(pose.replaceAll('_', ' '));
      element.onclick = () => command('pose', { pose });
      return element;
    });
    byId('poses').replaceChildren(...this.poses);
    this.gripper = model.joints.find(format.isGripper);
    byId('gripper-card').hidden = !this.gripper;
    if (this.gripper) this.bindGripper(this.gripper, command);
  }

  /**
   * @param {import('../types').Joint} joint
   * @param {Command} command
   */
  bindGripper(joint, command) {
    const [lower, upper] = [joint.lower ?? 0, joint.upper ?? 0];
    const step = format.isLinear(joint) ? '0.0005' : '0.005';
    Object.assign(this.slider, { min: String(lower), max: String(upper), step, value: String(lower) });
    /** @param {number} position */
    const move = (position) => command('gripper', { position });
    this.open.onclick = () => move(upper);
    this.close.onclick = () => move(lower);
    this.slider.oninput = () => {
      this.isSliding = true;
      this.showTarget(joint, Number(this.slider.value));
    };
    this.slider.onchange = () => {
      this.isSliding = false;
      move(Number(this.slider.value));
    };
  }

  /**
   * @param {import('../types').Joint} joint
   * @param {number | null} value
   */
  showTarget(joint, value) {
    write(byId('gripper-target'), format.joined(format.position(joint, value)));
  }

  /**
   * @param {import('../types').Snapshot | null} snapshot
   * @param {import('../types').Permissions} permissions
   */
  show(snapshot, permissions) {
    allow(permissions.move, byId('poses-why'), ...this.poses);
    allow(permissions.stop_motion, null, this.stopMotion);
    if (!permissions.move && snapshot?.motion) write(byId('poses-why'), describe(snapshot.motion));
    allow(permissions.move, byId('gripper-why'), this.open, this.close, this.slider);
    if (permissions.move) this.isSliding = false;
    this.showGripper(snapshot);
    this.showRecording(snapshot, permissions.record);
  }

  /** @param {import('../types').Snapshot | null} snapshot */
  showGripper(snapshot) {
    const reading = snapshot?.joints.find((joint) => joint.name === this.gripper?.name);
    if (!this.gripper || !reading || this.isSliding) return;
    this.slider.classList.toggle('absent', reading.position === null);
    if (reading.position !== null) this.slider.value = String(reading.position);
    this.showTarget(this.gripper, reading.position);
  }

  /**
   * @param {import('../types').Snapshot | null} snapshot
   * @param {string} why
   */
  showRecording(snapshot, why) {
    const recording = snapshot?.recording;
    this.isRecording = Boolean(recording?.active);
    allow(why, null, this.record);
    this.record.classList.toggle('active', this.isRecording);
    write(this.record, this.isRecording ? 'Stop' : 'Record');
    const elapsed = recording?.elapsed;
    write(byId('record-clock'), this.isRecording && typeof elapsed === 'number' ? format.duration(elapsed) : '');
    write(byId('record-why'), why || (recording?.active ? size(recording) : ''));
    byId('record-why').title = recording?.path ?? '';
  }
}

/** @param {NonNullable<import('../types').Snapshot['motion']>} motion */
function describe(motion) {
  return `${motion.goal}: ${motion.outcome}${motion.message ? ` – ${motion.message}` : ''}`;
}

/** @param {import('../types').Snapshot['recording']} recording */
function size(recording) {
  const { bytes, dropped } = recording.values;
  const parts = bytes ? [`${(Number(bytes) / 1e6).toFixed(1)} MB`] : [];
  if (Number(dropped)) parts.push(`${dropped} messages lost`);
  return parts.join(' · ');
}
