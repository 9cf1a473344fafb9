/** The page's words for the robot's machine-readable keys, and a filter for the robot's own words. */

/** @type {Record<string, string>} by cause, as `dynamixel/status/cause.py` names them; what is said of a joint */
export const JOINT_FAULTS = {
  electrical_shock: 'reports an electrical shock',
  encoder: 'reports a fault of its encoder',
  overheating: 'is too hot and has shut down',
  overload: 'was overloaded and has shut down',
  input_voltage: 'reports a bad supply voltage',
  disconnected: 'is not connected: its USB adapter or cable is gone',
  missing: 'does not answer',
  multi_turn_position_lost: 'has lost count of its turns',
  silent_reset: 'was reset and is limp',
  bus_watchdog: 'stopped by itself and takes no commands',
  encoder_mismatch: 'has two servos that disagree',
  limit: 'is beyond its limit',
  blocked: 'is blocked',
  following_error: 'does not follow',
  contact: 'is blocked',
  temperature: 'is nearly too hot',
  load: 'carries too much',
  communication: 'loses answers',
};

/** @type {Record<string, string[]>} what is disconnected, and the next step, by cause */
export const DISCONNECTIONS = {
  disconnected: ['The USB adapter or its cable is gone.', 'Plug it in; the servos join by themselves.'],
  port_held: ['Another program uses the servos’ port.', 'End that program; the servos then join by themselves.'],
  servos_silent: ['The port is there, but not all servos answer.', 'Check their power supply; they join by themselves.'],
  bus_process: ['The servo software restarts; the servos hold.', 'Wait: nothing has to be done.'],
  servo_interface: ['The servo software is silent.', 'Wait: it is started again. If it stays silent, its log says why.'],
};

/** @type {Record<string, string>} the next step, by the robot's key for it; the names are those of the buttons */
export const STEPS = {
  clear_faults: 'Remove the cause, then press “Clear faults”.',
  disable: 'Press “Park & disable”; then the fault can be cleared.',
  torque_off: 'Support the arm, then press “Torque off”; then the fault can be cleared.',
  wait: 'It goes on by itself, or once the cause is gone.',
};

/** what is said while the limits are a tenth */
export const REDUCED =
  'Every motion is a tenth as fast: directions and zeros are not confirmed. End the graph and test all joints by hand: armature calibrate.';

/** @type {Record<string, string>} what is said of a joint with a warning */
export const JOINT_WARNINGS = { temperature: 'is getting warm', load: 'carries much' };

/** @type {Record<string, string>} what the operator does, by the robot's key for the step */
const STEP_INSTRUCTIONS = {
  enable: 'press “Enable”',
  disable: 'press “Park & disable”',
  clear_faults: 'press “Clear faults”',
  torque_off: 'support the arm and press “Torque off…”',
  reboot: 'restart that servo',
  release: 'press “Release…”',
  end_free_drive: 'end the guiding by hand',
  wait: 'wait',
};

/** @type {Record<string, string>} what the page has in place of a command that the robot names */
const BUTTONS = {
  'armature enable': STEP_INSTRUCTIONS.enable,
  'armature disable': STEP_INSTRUCTIONS.disable,
  'armature clear': STEP_INSTRUCTIONS.clear_faults,
  'armature torque-off': 'press “Torque off…”',
  'armature release': STEP_INSTRUCTIONS.release,
  'armature stop': 'press “Stop this motion”',
  'armature free --end': STEP_INSTRUCTIONS.end_free_drive,
};

const COMMAND = /\brun (armature [a-z-]+)(?: --namespace \S+)?( --end)?/g;

/** @type {Record<string, string>} what is done by hand, by cause; else the cause is removed */
const BY_HAND = {
  overheating: 'let it cool',
  temperature: 'let it cool',
  missing: 'check its cable and power',
  disconnected: 'check its cable and power',
  communication: 'check its cable and plugs',
  encoder_mismatch: 'check its coupling and both zero offsets',
  multi_turn_position_lost: 'bring it by hand into the turn in which it starts',
  limit: 'bring it back into its range',
  blocked: 'move it the other way, or take away what is in its way',
  following_error: 'move it the other way, or take away what is in its way',
  contact: 'take away what it touches',
  load: 'take load away',
};

/** @type {Record<string, string>} */
export const PROCESSES = {
  servo_interface: 'Servo software',
  arm_controller: 'Motion control',
  gripper_controller: 'Gripper control',
  recorder: 'Recorder',
  monitor: 'Monitor',
  state_publisher: 'Frames',
};

// Paths, topics, errno, what a person at the page cannot do.
const FOREIGN =
  /(?:^|[\s"'(])\/\w|\w{4,}\/\w{3,}|\[Errno|\bby hand to see\b|\bend that process\b|\bkill\b|\bstart(?:ed)? again\b|\barmature [a-z]|EEPROM/;

/**
 * The parts of the robot's own words that an operator can use, with buttons for commands; the rest belongs to the details.
 *
 * @param {string | undefined} text
 */
export function plain(text) {
  const pressed = (text ?? '').replaceAll(COMMAND, (whole, command, end = '') => BUTTONS[command + end] ?? whole);
  const parts = pressed.split(';').map((part) => part.trim());
  return parts.filter((part) => part && !FOREIGN.test(part)).join('; ').replaceAll('_', ' ');
}

/**
 * A text that has figures, if each of them has a unit; else nothing.
 *
 * @param {string} text
 */
export function withUnits(text) {
  const bare = text.replaceAll(/\d+(?:\.\d+)? to (?=\d)/g, ''); // "9.5 to 16.0 V" has one unit
  const figures = bare.match(/\d+(?:\.\d+)?(?:[ \u202f]?(?:°C|°|%|rad|mm|ms|mA|N·m|[mNVAs]|times|answers)(?![a-z]))?/g) ?? [];
  return figures.length && figures.every((figure) => /\D$/.test(figure)) ? text : '';
}

/**
 * The steps of recovery in the page's own words; empty if the robot names none.
 *
 * @param {Record<string, string>} values with the keys `steps` and `cause`
 */
export function stepInstructions({ steps, cause }) {
  const words = (steps ? steps.split(', ') : []).map((step) => (step === 'by_hand' ? (BY_HAND[cause] ?? 'remove the cause') : STEP_INSTRUCTIONS[step]));
  return words.filter(Boolean).join(', then ');
}

/**
 * Why the arm was not disabled; ROS's answer alone tells success or not.
 *
 * @param {string} message
 * @param {boolean} hasParked whether it was parking meanwhile
 */
export function notDisabled(message, hasParked) {
  const said = plain(message);
  const why = said.replace(/^(?:disable refused|parking was interrupted): /, '');
  const hasBegun = hasParked || said.startsWith('parking was interrupted: ');
  return `${hasBegun ? 'Parking was interrupted' : 'Not disabled'}: ${why || 'see the log'}`;
}

/**
 * What is said of joints without torque, before what to press.
 *
 * @param {string[]} joints
 */
export function limp(joints) {
  const names = list(joints.map((joint) => joint.replaceAll('_', ' ')));
  return joints.length ? sentence(`${names} ${joints.length > 1 ? 'are' : 'is'} limp: support the arm`) : '';
}

/**
 * A joint, bus or process as the page calls it.
 *
 * @param {{process: string, part?: string}} of
 */
export function subject({ process, part }) {
  return capital((part || PROCESSES[process] || process).replaceAll('_', ' '));
}

/** @type {[number, string][]} bits of the register Hardware Error Status, and their causes */
const ERROR_BITS = [[0x01, 'input voltage'], [0x04, 'overheating'], [0x08, 'encoder'], [0x10, 'electrical shock'], [0x20, 'overload']];

/**
 * A servo's torque and errors if they are not as they should be, else empty.
 *
 * @param {import('./types').JointView} reading
 */
export function condition({ torque_enabled, hardware_error }) {
  const errors = ERROR_BITS.filter(([bit]) => (hardware_error ?? 0) & bit).map(([, name]) => name);
  return [...(torque_enabled === false ? ['torque off'] : []), ...errors].join(', ');
}

/** @param {string} text */
export function capital(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : '';
}

/** @param {string} text */
export function sentence(text) {
  const begun = capital(text.trim());
  return !begun || /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/**
 * "a, b and c"; many are counted.
 *
 * @param {string[]} names
 */
export function list(names) {
  if (names.length > 3) return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : (names[0] ?? '');
}
