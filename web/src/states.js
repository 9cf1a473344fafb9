/** What each state means to the operator: its tone, the one step that leads on, and what is allowed. */

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
    reason: 'The servos are being looked for.', step: 'Wait a moment.',
  },
  DISARMED: {
    title: 'Disarmed', tone: 'rest',
    reason: 'Torque is off.', step: 'Arm to begin: the arm will hold where it is.', next: 'arm',
  },
  HOLDING: {
    title: 'Holding', tone: 'caution',
    reason: 'Torque is on, commands are refused.', step: 'Arm to take commands, or park and disarm.', next: 'arm',
  },
  ARMED: {
    title: 'Armed', tone: 'ready',
    reason: 'Torque is on.', step: 'Hold a jog button, or choose a pose.',
  },
  MOVING: { title: 'Moving', tone: 'motion', reason: 'The arm is moving.', step: 'Keep clear.' },
  PARKING: {
    title: 'Parking', tone: 'motion',
    reason: 'The arm moves to its rest pose.', step: 'Keep clear; torque goes off when it has arrived.',
  },
  FAULT: {
    title: 'Fault', tone: 'alarm',
    reason: 'A servo needs attention.', step: 'Remove the cause, then clear the faults; or disarm, which parks the arm if it can.',
  },
  PROTECTIVE_STOP: {
    title: 'Protective stop', tone: 'alarm',
    reason: 'The arm was stopped and holds.', step: 'Make sure that the way is clear, then release.',
  },
  DISCONNECTED: {
    title: 'Disconnected', tone: 'lost',
    reason: 'The servos do not answer.', step: 'Check power and cable, then the servo interface.',
  },
};

/** @type {Meaning} */
const NO_LINK = {
  title: 'No link', tone: 'lost',
  reason: 'The page has lost the monitor. What is shown is old.',
  step: 'It connects again by itself. If it does not: check the network and the monitor.',
};

/**
 * @param {import('./types').Snapshot | null} snapshot
 * @param {boolean} isLive
 * @returns {Meaning}
 */
export function meaning(snapshot, isLive) {
  if (!isLive || !snapshot) return NO_LINK;
  const { name, reason } = snapshot.state;
  const known = MEANINGS[name] ?? { title: name, tone: 'caution', reason: '', step: '' };
  return { ...known, reason: saysMore(reason) ? sentence(reason) : known.reason };
}

/**
 * Whether a reason tells more than the name of a state does.
 *
 * @param {string} reason
 */
function saysMore(reason) {
  const words = reason.trim().toLowerCase();
  return words !== '' && words !== 'ready' && !(words.toUpperCase().replaceAll(' ', '_') in MEANINGS);
}

/**
 * Faults that the banner does not tell already.
 *
 * @param {import('./types').Snapshot} snapshot
 */
export function furtherFaults({ faults, state }) {
  return faults.filter((fault) => !fault.message || fault.message !== state.reason);
}

/**
 * @param {import('./types').Snapshot | null} snapshot
 * @param {boolean} isLive
 * @returns {import('./types').Permissions}
 */
export function permissions(snapshot, isLive) {
  const state = isLive && snapshot ? snapshot.state.name : 'NO_LINK';
  const recorder = isLive ? snapshot?.recording.active : null;
  return {
    arm: among(state, ['DISARMED', 'HOLDING'], ARM_WHY),
    disarm: among(state, ['ARMED', 'MOVING', 'HOLDING', 'FAULT'], DISARM_WHY),
    move: among(state, ['ARMED', 'MOVING'], MOVE_WHY),
    halt: among(state, ['ARMED', 'MOVING'], MOVE_WHY),
    release: among(state, ['PROTECTIVE_STOP'], {}),
    clear_faults: state === 'FAULT' ? '' : 'There are no faults to clear.',
    record: typeof recorder === 'boolean' ? '' : isLive ? 'The recorder is silent.' : COMMON_WHY.NO_LINK,
  };
}

/** @type {Record<string, string>} */
const COMMON_WHY = {
  NO_LINK: 'No link to the robot.',
  STARTING: 'The robot is starting.',
  DISCONNECTED: 'The servos do not answer.',
  FAULT: 'Clear the faults first.',
  PROTECTIVE_STOP: 'Release the stop first.',
  PARKING: 'The arm is parking.',
};
const ARM_WHY = { ...COMMON_WHY, ARMED: '', MOVING: '' };
const DISARM_WHY = { ...COMMON_WHY, DISARMED: '' };
const MOVE_WHY = { ...COMMON_WHY, DISARMED: 'Arm first.', HOLDING: 'Arm first.' };
const NOT_NOW = 'Not in this state.';

/**
 * A single blank stands for a refusal that needs no word (arming what is armed).
 *
 * @param {string} state
 * @param {string[]} allowed
 * @param {Record<string, string>} why
 */
function among(state, allowed, why) {
  return allowed.includes(state) ? '' : (why[state] ?? NOT_NOW) || ' ';
}

/** @param {string} text */
export function sentence(text) {
  const trimmed = text.trim();
  if (!trimmed) return '';
  const begun = trimmed[0].toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
