/** Numbers for people. What is absent becomes a dash, never a zero. */

export const ABSENT = '–';
const DEGREES = 180 / Math.PI;

/** @param {import('./types').Joint} joint */
export function isLinear(joint) {
  return joint.kind === 'prismatic';
}

/** @param {import('./types').Joint} joint */
export function isGripper(joint) {
  return joint.group === 'gripper';
}

/**
 * @param {number | null | undefined} value
 * @param {number} digits
 */
export function number(value, digits) {
  if (value === null || value === undefined || !Number.isFinite(value)) return ABSENT;
  const text = value.toFixed(digits);
  // No "-0.0": a hovering sign reads like motion. U+2212 is as wide as a digit.
  return (Number(text) === 0 ? text.replace('-', '') : text).replace('-', '\u2212');
}

/**
 * @param {import('./types').Joint} joint
 * @param {number | null} value [rad] or [m]
 * @returns {[string, string]} number and unit
 */
export function position(joint, value) {
  return isLinear(joint) ? [number(scaled(value, 1000), 1), 'mm'] : [number(scaled(value, DEGREES), 1), '°'];
}

/**
 * @param {import('./types').Joint} joint
 * @param {number | null} value [rad/s] or [m/s]
 * @returns {[string, string]}
 */
export function velocity(joint, value) {
  return isLinear(joint) ? [number(scaled(value, 1000), 0), 'mm/s'] : [number(scaled(value, DEGREES), 0), '°/s'];
}

/**
 * Torque or force where it is known, else current, else the servo's own estimate of its load.
 *
 * @param {import('./types').Joint} joint
 * @param {import('./types').JointView} reading
 * @returns {[string, string]}
 */
export function load(joint, reading) {
  if (reading.effort !== null) return [number(reading.effort, 2), isLinear(joint) ? 'N' : 'N·m'];
  if (reading.current !== null) return [number(reading.current * 1000, 0), 'mA'];
  if (reading.load !== null) return [number(reading.load, 0), '%'];
  return [ABSENT, ''];
}

/**
 * Number and unit with a narrow space between; what is absent has no unit.
 *
 * @param {[string, string]} parts
 */
export function joined([value, unit]) {
  return value === ABSENT ? ABSENT : `${value}\u202f${unit}`;
}

/** @param {number | null} age [s] */
export function absence(age) {
  if (age === null) return 'never read';
  return age < 100 ? `no reading for ${age.toFixed(1)} s` : `no reading for ${duration(age)}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, '0'));
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${parts.join(':')}` : parts.join(':');
}

/**
 * Where a value lies between its limits.
 *
 * @param {import('./types').Joint} joint
 * @param {number | null} value
 * @returns {number | null} 0 at the lower limit, 1 at the upper
 */
export function fraction(joint, value) {
  if (value === null) return null;
  const lower = joint.lower ?? -Math.PI;
  const upper = joint.upper ?? Math.PI;
  return Math.min(1, Math.max(0, (value - lower) / (upper - lower)));
}

/**
 * @param {number | null} value
 * @param {number} factor
 */
function scaled(value, factor) {
  return value === null ? null : value * factor;
}
