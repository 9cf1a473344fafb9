/** The fault to show first, in one sentence that stays long enough to be read. */

import { DISCONNECTIONS, JOINT_FAULTS, list, plain, sentence, subject } from './words.js';

const STAYS = 2000; // [ms]
const RECENT = 5000; // [ms]; joints that were silent one after another within it have the bus in common
const GONE_FOR = 3000; // [ms] without any answer: the supply, and not a bad line
const SILENT = ['missing', 'communication', 'disconnected'];

const CABLE = 'Check the cable, its plugs and the supply; servos join by themselves.';
const SUPPLY = 'Check the power supply; servos join by themselves.';

// Keys of the state that stand for something that is there now; its cause may be of the last stop.
const PRESENT = /^(?:fault\.|warning\.|blocked\.|free$|ending$|speed_factor$)/;

/** @typedef {{rank: number, reason: string, step?: string}} Line the smaller the rank, the graver */

/** The banner's reason: bus before supply, process and joint; each stays for two seconds, unless a graver one comes. */
export class Headline {
  constructor() {
    /** @type {Map<string, number>} when each joint was silent last */
    this.silent = new Map();
    this.answered = -Infinity; // when one joint at least answered last
    /** @type {Line} */
    this.line = { rank: Infinity, reason: '' };
    this.begun = -Infinity;
  }

  /**
   * @param {import('./types').Snapshot} snapshot
   * @param {number} now [ms]
   * @returns {Line} without a reason where the state alone says all
   */
  of(snapshot, now) {
    const next = this.gravest(snapshot, now);
    if (next.reason === this.line.reason) {
      this.line = next;
      return next;
    }
    // What moves, or takes commands, is shown at once; between fault and holding a joint that comes and goes may swing.
    const mayStay = ['FAULT', 'HOLDING'].includes(snapshot.state.name) && this.line.reason;
    if (mayStay && now - this.begun < STAYS && next.rank >= this.line.rank) return this.line;
    this.line = next;
    this.begun = now;
    return next;
  }

  /**
   * @param {import('./types').Snapshot} snapshot
   * @param {number} now [ms]
   * @returns {Line}
   */
  gravest({ state, faults, joints }, now) {
    const causes = faults.filter((fault) => fault.level === 'ERROR' && fault.values.cause);
    for (const fault of faults) {
      if (SILENT.includes(fault.values.cause)) this.silent.set(named(fault), now);
    }
    const silent = [...this.silent].filter(([, at]) => now - at < RECENT).map(([joint]) => joint);
    if (state.name === 'DISCONNECTED') return { rank: 0, reason: DISCONNECTIONS[state.values.cause]?.[0] ?? own(state) };
    if (isCalm(state)) return { rank: 5, reason: '' };
    if (!['FAULT', 'HOLDING'].includes(state.name)) return { rank: 5, reason: own(state) };
    const absent = causes.filter(({ values }) => values.cause === 'missing');
    if (absent.length < Math.max(joints.length, 2)) this.answered = now;
    else if (now - this.answered > GONE_FOR) return { rank: 0, reason: 'No servo answers.', step: SUPPLY };
    const isSilent = causes.length === 0 || causes.some(({ values }) => SILENT.includes(values.cause));
    const whose = silent.length > 3 ? 'many servos' : list(silent);
    if (silent.length > 1 && isSilent) return { rank: 0, reason: `The bus loses answers of ${whose}.`, step: CABLE };
    const supply = causes.filter(({ values }) => values.cause === 'input_voltage');
    if (supply.length > 1) return { rank: 1, reason: `The supply voltage is bad at ${list(supply.map(named))}.`, step: SUPPLY };
    if (causes.length) return { rank: 3, reason: of(causes) };
    return { rank: 4, reason: first(state) || own(state) };
  }
}

/**
 * The gravest fault, as the servo interface orders causes, with all joints that have it.
 *
 * @param {import('./types').Fault[]} faults
 */
function of(faults) {
  const order = Object.keys(JOINT_FAULTS);
  const gravity = (/** @type {string} */ cause) => (order.includes(cause) ? order.indexOf(cause) : order.length);
  const gravest = [...faults].sort((one, other) => gravity(one.values.cause) - gravity(other.values.cause))[0].values.cause;
  const joints = faults.filter(({ values }) => values.cause === gravest).map(named);
  return sentence(said(joints, gravest));
}

/**
 * What is said of joints that have a cause; of several, so that the words fit one of them each.
 *
 * @param {string[]} joints
 * @param {string} cause
 */
function said(joints, cause) {
  const words = JOINT_FAULTS[cause] ?? cause;
  return joints.length > 1 ? `${list(joints)}: each ${words}` : `${joints[0]} ${words}`;
}

/** @param {import('./types').Fault} fault */
function named(fault) {
  return subject(fault).toLowerCase();
}

/**
 * What the state itself names: it comes before the diagnostics do.
 *
 * @param {import('./types').Snapshot['state']} state
 */
function first({ name, values }) {
  if (name !== 'FAULT') return '';
  const [joint] = Object.entries(values).flatMap(([key, cause]) => {
    const [kind, who, field] = key.split('.');
    return kind === 'fault' && field === 'cause' && cause === values.cause ? [who] : [];
  });
  return joint && values.cause in JOINT_FAULTS ? sentence(said([joint.replaceAll('_', ' ')], values.cause)) : '';
}

/**
 * Whether nothing is the matter, so that the robot's own reason is of an event that is over.
 *
 * @param {import('./types').Snapshot['state']} state
 */
function isCalm({ name, values }) {
  if (!['DISABLED', 'ENABLED', 'MOVING'].includes(name)) return false;
  if (name === 'DISABLED' && (values.torque ?? 'off') !== 'off') return false;
  return !Object.keys(values).some((key) => PRESENT.test(key));
}

/** @param {import('./types').Snapshot['state']} state */
function own(state) {
  return sentence(plain(state.reason));
}
