/** What each state means to the operator: its tone, the next step, and what is allowed. */

import { DISCONNECTIONS, REDUCED, STEPS, limp, plain, sentence } from './words.js';

export { sentence };

/**
 * @typedef {object} Meaning
 * @property {string} title
 * @property {'rest' | 'caution' | 'ready' | 'motion' | 'alarm' | 'lost'} tone
 * @property {string} reason where the robot gives none
 * @property {string} step
 * @property {string} [next] the command that this step is
 */

/** @type {Record<string, Meaning>} */
const MEANINGS = {
  STARTING: {
    title: 'Starting', tone: 'rest',
    reason: 'Searching for the servos.', step: 'Wait a moment.',
  },
  DISABLED: {
    title: 'Disabled', tone: 'rest',
    reason: 'Torque is off.', step: 'Enable to begin: the arm will hold where it is.', next: 'enable',
  },
  HOLDING: {
    title: 'Holding', tone: 'caution',
    reason: 'Torque is on, commands are refused.', step: 'Enable to take commands, or park and disable.', next: 'enable',
  },
  ENABLED: {
    title: 'Enabled', tone: 'ready',
    reason: 'Torque is on.', step: 'Hold a jog button, or choose a pose.',
  },
  MOVING: { title: 'Moving', tone: 'motion', reason: 'The arm is moving.', step: 'Keep clear.' },
  PARKING: {
    title: 'Parking', tone: 'motion',
    reason: 'The arm moves to its rest pose.', step: 'Keep clear; torque goes off when it has arrived.',
  },
  FAULT: {
    title: 'Fault', tone: 'alarm', next: 'clear_faults',
    reason: 'A servo needs attention.', step: 'Remove the cause, then clear the faults; or disable, which parks the arm if it can.',
  },
  PROTECTIVE_STOP: {
    title: 'Protective stop', tone: 'alarm',
    reason: 'The arm was stopped and holds.', step: 'Make sure that the way is clear, then release.',
  },
  CALIBRATING: {
    title: 'Calibrating: torque off', tone: 'rest',
    reason: 'The arm is calibrated by hand.', step: 'Support it, it is limp. Answers are given at the terminal; from here nothing can be moved.',
  },
  DISCONNECTED: {
    title: 'Disconnected', tone: 'lost',
    reason: 'The servos do not answer.', step: 'Wait: the search goes on by itself.',
  },
};

/** @typedef {{kind: 'lost' | 'waiting' | 'full' | 'key', places?: number}} Link why there is none */

/** @type {Record<Link['kind'], (link: Link) => [string, string]>} reason and step */
const NO_LINK = {
  lost: () => [
    'The link is lost. What is shown is old, and jogging is off.',
    'It connects again by itself. If STOP is not confirmed, use the hardware stop.',
  ],
  waiting: () => ['No data from the robot yet.', 'It connects by itself once the robot is up.'],
  full: ({ places }) => [`All ${places} places for viewers are taken. STOP works.`, 'Close another page; this one then connects.'],
  key: () => ['The robot asks for its access key. STOP works.', 'Type it in below.'],
};

/**
 * @param {import('./types').Snapshot | null} snapshot
 * @param {boolean} isLive
 * @param {{link?: Link, headline?: {reason: string, step?: string}}} [more] why there is no link; the most severe fault
 * @returns {Meaning}
 */
export function meaning(snapshot, isLive, { link = { kind: 'waiting' }, headline } = {}) {
  if (!isLive || !snapshot) {
    const [reason, step] = NO_LINK[link.kind](link);
    return { title: 'No link', tone: 'lost', reason, step };
  }
  const { name, reason, values } = snapshot.state;
  const known = MEANINGS[name] ?? { title: name, tone: 'caution', reason: '', step: '' };
  const shown = headline?.reason ?? sentence(plain(reason));
  const { step = known.step, next = known.next } = leadsOn(name, values);
  // A step that ends a fault goes before one that looks for its cause.
  const leads = next === 'wait' ? (headline?.step ?? step) : step;
  const slow = values.limits === 'reduced' ? REDUCED : '';
  return { ...known, step: [limp(limpJoints(snapshot)), leads, slow].filter(Boolean).join(' '), next, reason: saysMore(shown) ? shown : known.reason };
}

/**
 * The step that would succeed, where the robot names it.
 *
 * @param {string} state
 * @param {Record<string, string>} values
 * @returns {Partial<Meaning>}
 */
function leadsOn(state, values) {
  if (state === 'DISCONNECTED' && values.cause in DISCONNECTIONS) return { step: DISCONNECTIONS[values.cause][1] };
  if (state !== 'FAULT' || !(values.step in STEPS)) return {};
  const waits = values.step === 'wait' && sentence(plain(values.waits_for));
  return { step: waits || STEPS[values.step], next: values.step };
}

/**
 * Whether a reason says more than the name of a state.
 *
 * @param {string} reason
 */
function saysMore(reason) {
  const words = reason.trim().toLowerCase().replace(/\.$/, '');
  return words !== '' && words !== 'ready' && !(words.toUpperCase().replaceAll(' ', '_') in MEANINGS);
}

/**
 * Faults that the banner does not show already: the status of the bus as a whole repeats the state.
 *
 * @param {import('./types').Snapshot} snapshot
 */
export function furtherFaults({ faults }) {
  return faults.filter(({ process, part, level }) => level === 'STALE' || process !== 'servo_interface' || part !== 'bus');
}

/**
 * Whether the arm is calibrated by hand, without a graph: nothing can be commanded, and without torque there is
 * nothing to stop.
 *
 * @param {import('./types').Snapshot | null} snapshot
 */
export function isCalibrating(snapshot) {
  return snapshot?.state.name === 'CALIBRATING';
}

const SHUT_DOWN = ['overheating', 'overload', 'electrical_shock', 'silent_reset'];

/**
 * The causes of a joint's faults, in the diagnostics and in the state, which comes before them.
 *
 * @param {import('./types').Snapshot} snapshot
 * @param {string} joint
 */
export function causesOf({ faults, state }, joint) {
  if (state.name !== 'FAULT') return [];
  const told = faults.filter(({ process, part, level }) => process === 'servo_interface' && part === joint && level === 'ERROR');
  return [...told.map(({ values }) => values.cause), state.values[`fault.${joint}.cause`]].filter(Boolean);
}

/**
 * Joints at fault without torque: whose servo reads so, or, where it is not read, has shut down.
 *
 * @param {import('./types').Snapshot} snapshot
 */
export function limpJoints(snapshot) {
  return (snapshot.joints ?? []).flatMap(({ name, torque_enabled }) => {
    const causes = causesOf(snapshot, name);
    const hasTorque = torque_enabled ?? !causes.some((cause) => SHUT_DOWN.includes(cause));
    return causes.length && !hasTorque ? [name] : [];
  });
}

const HOT = ['temperature', 'overheating'];

/**
 * Whether the robot warns of a joint's temperature; the thresholds are the servo's and the robot's own.
 *
 * @param {import('./types').Snapshot} snapshot
 * @param {string} joint
 */
export function isHot({ faults, state }, joint) {
  const reported = faults.filter(({ process, part }) => process === 'servo_interface' && part === joint);
  const causes = Object.entries(state.values).filter(([key]) => {
    const [kind, who] = key.split('.');
    return ['fault', 'warning'].includes(kind) && who === joint && key.endsWith('.cause');
  });
  return [...reported.map(({ values }) => values.cause), ...causes.map(([, cause]) => cause)].some((cause) => HOT.includes(cause));
}

/**
 * Who else drives, in words; empty where nobody does.
 *
 * @param {import('./types').Snapshot | null} snapshot
 * @param {string} page this page's number
 * @param {number} now by the wall clock [ms]
 */
export function otherDriver(snapshot, page, now) {
  const driver = snapshot?.driver;
  if (!driver || driver.page === page) return '';
  const since = new Date(now - 1000 * driver.held).toTimeString().slice(0, 5);
  return `${driver.page ? 'Another browser' : 'A program'} drives since ${since}.`;
}

/**
 * @param {import('./types').Snapshot | null} snapshot
 * @param {boolean} isLive
 * @param {{isFresh?: boolean, other?: string}} [more] whether the frame is new enough to jog by; who else drives
 * @returns {import('./types').Permissions}
 */
export function permissions(snapshot, isLive, { isFresh = true, other = '' } = {}) {
  const isSeen = isLive && snapshot !== null;
  const state = isSeen ? snapshot.state.name : 'NO_LINK';
  const steps = isSeen ? [snapshot.state.values.step, ...snapshot.faults.map(({ values }) => values.step)] : [];
  const locked = isSeen ? other : '';
  const move = locked || among(state, ['ENABLED', 'MOVING'], MOVE_WHY);
  return {
    enable: locked || among(state, ['DISABLED', 'HOLDING'], ENABLE_WHY),
    disable: locked || among(state, ['ENABLED', 'MOVING', 'HOLDING', 'FAULT'], DISABLE_WHY),
    move,
    jog: move || (isFresh ? '' : 'Waiting for data from the robot.'),
    stop_motion: move,
    release: among(state, ['PROTECTIVE_STOP'], {}),
    clear_faults: locked || (isClearable(isSeen ? snapshot.state : null, steps) ? '' : 'There are no faults to clear now.'),
    torque_off: locked || (isLetDown(isSeen ? snapshot.state : null, steps) ? '' : NOT_NOW),
    take_over: locked && snapshot?.driver?.idle ? '' : NOT_NOW,
    record: locked || recordWhy(isSeen ? snapshot.recording.active : undefined),
  };
}

/**
 * Whether clearing changes something: a fault whose step it is (of a robot that names none it is tried), or a joint
 * that is blocked.
 *
 * @param {import('./types').Snapshot['state'] | null} state
 * @param {(string | undefined)[]} steps of the state and of each fault
 */
function isClearable(state, steps) {
  if (state?.name === 'FAULT') return !state.values.step || steps.includes('clear_faults');
  return ['ENABLED', 'MOVING', 'HOLDING'].includes(state?.name ?? '') && Object.keys(state?.values ?? {}).some((key) => key.startsWith('blocked.'));
}

/**
 * Whether the arm may have to be let down by hand: at a fault whose step it is, and where it holds, since it may
 * not be able to park from there.
 *
 * @param {import('./types').Snapshot['state'] | null} state
 * @param {(string | undefined)[]} steps of the state and of each fault
 */
function isLetDown(state, steps) {
  if (state?.name === 'FAULT') return steps.includes('torque_off');
  return state?.name === 'HOLDING';
}

/** @param {boolean | null | undefined} active undefined: nothing is known */
function recordWhy(active) {
  if (active === undefined) return COMMON_WHY.NO_LINK;
  return active === null ? 'The recorder is silent.' : '';
}

/** @type {Record<string, string>} */
const COMMON_WHY = {
  NO_LINK: 'No link to the robot.',
  STARTING: 'The robot is starting.',
  DISCONNECTED: 'The servos do not answer.',
  FAULT: 'Clear the fault first.',
  PROTECTIVE_STOP: 'Release the stop first.',
  PARKING: 'The arm is parking.',
  CALIBRATING: 'The arm is being calibrated.',
};
const ENABLE_WHY = { ...COMMON_WHY, ENABLED: '', MOVING: '' };
const DISABLE_WHY = { ...COMMON_WHY, DISABLED: '' };
const MOVE_WHY = { ...COMMON_WHY, DISABLED: 'Enable first.', HOLDING: 'Enable first.' };
const NOT_NOW = 'Not in this state.';

/**
 * A single blank stands for a refusal that needs no word (enabling what is enabled).
 *
 * @param {string} state
 * @param {string[]} allowed
 * @param {Record<string, string>} why
 */
function among(state, allowed, why) {
  return allowed.includes(state) ? '' : (why[state] ?? NOT_NOW) || ' ';
}
