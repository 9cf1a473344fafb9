/** Poses and recording. */

import { allow, button, byId, write } from '../dom.js';
import * as format from '../format.js';
import { Gripper } from './gripper.js';

/** @typedef {(command: string, body?: Record<string, unknown>) => Promise<void>} Command */

/** The cards beside the arm. */
export class Controls {
  /**
   * @param {import('../types').Model} model
   * @param {Command} command
   */
  constructor(model, command) {
    this.isRecording = false;
    this.stopMotion = byId('stop-motion', HTMLButtonElement);
    this.record = byId('record', HTMLButtonElement);
    this.stopMotion.onclick = () => command('stop_motion');
    this.record.onclick = () => command('record', { on: !this.isRecording });
    this.poses = Object.keys(model.poses).map((pose) => {
      const element = button(pose.replaceAll('_', ' '));
      element.onclick = () => command('pose', { pose });
      return element;
    });
    byId('poses').replaceChildren(...this.poses);
    this.gripper = new Gripper(model, command);
  }

  /**
   * @param {import('../types').Snapshot | null} snapshot
   * @param {import('../types').Permissions} permissions
   */
  show(snapshot, permissions) {
    allow(permissions.move, byId('poses-why'), ...this.poses);
    allow(permissions.stop_motion, null, this.stopMotion);
    if (!permissions.move && snapshot?.motion) write(byId('poses-why'), describe(snapshot.motion));
    this.gripper.show(snapshot, permissions.move);
    this.showRecording(snapshot, permissions.record);
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
