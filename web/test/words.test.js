import assert from 'node:assert/strict';
import { test } from 'node:test';

import { JOINT_FAULTS, condition, limp, notDisabled, stepInstructions, list, plain, subject, withUnits } from '../src/words.js';

test('the page names its own buttons, by the keys of the steps', () => {
  const told = (steps, cause = '') => stepInstructions({ steps, cause });
  assert.equal(told('by_hand, clear_faults', 'overheating'), 'let it cool, then press “Clear faults”');
  assert.equal(told('disable, clear_faults'), 'press “Park & disable”, then press “Clear faults”');
  assert.equal(told('torque_off, clear_faults, enable'), 'support the arm and press “Torque off…”, then press “Clear faults”, then press “Enable”');
  assert.equal(told('by_hand, wait', 'missing'), 'check its cable and power, then wait');
  assert.equal(told('by_hand, clear_faults'), 'remove the cause, then press “Clear faults”');
  assert.equal(told(''), '');
});

for (const foreign of [
  '[Errno 2] could not open port /dev/ttyUSB0: [Errno 2] No such file or directory',
  '/dev/ttyUSB0: the port is gone',
  'end that process, then start again',
  'kill 4711',
  'see /diagnostics for why',
  'it does not serve arm_controller/joint_jog',
  'it does not serve recorder/stop',
  '7 EEPROM registers differed and were written (Return Delay Time)',
  'run it by hand to see why',
  'check that it runs: armature status',
  'its zero is wrong: armature calibrate',
]) {
  test(`no operator is shown: ${foreign}`, () => {
    assert.equal(plain(`elbow holds; ${foreign}; look`), 'elbow holds; look');
  });
}

for (const [told, shown] of [
  ['run armature enable', 'press “Enable”'],
  ['let it cool, then run armature clear --namespace left', 'let it cool, then press “Clear faults”'],
  ['support the arm, then run armature torque-off, then run armature clear', 'support the arm, then press “Torque off…”, then press “Clear faults”'],
  ['run armature disable, which parks it', 'press “Park & disable”, which parks it'],
  ['run armature free --namespace left --end', 'end the guiding by hand'],
  ['wait until it rests, or run armature stop', 'wait until it rests, or press “Stop this motion”'],
  ['run armature release', 'press “Release…”'],
]) {
  test(`the page names its button for: ${told}`, () => assert.equal(plain(`elbow holds; ${told}`), `elbow holds; ${shown}`));
}

test('names of joints are words', () => {
  assert.equal(plain('wrist_roll: it answers now'), 'wrist roll: it answers now');
});

test('numbers keep their units and slashes of units are no paths', () => {
  assert.equal(plain('elbow at 0.52 rad/s, 3 of 7 joints'), 'elbow at 0.52 rad/s, 3 of 7 joints');
});

test('joints and processes have names for people', () => {
  assert.equal(subject({ process: 'servo_interface', part: 'wrist_roll' }), 'Wrist roll');
  assert.equal(subject({ process: 'arm_controller' }), 'Motion control');
  assert.equal(subject({ process: 'somebody_else', part: '' }), 'Somebody else');
});

test('many are counted', () => {
  assert.equal(list(['a']), 'a');
  assert.equal(list(['a', 'b', 'c']), 'a, b and c');
  assert.equal(list(['a', 'b', 'c', 'd', 'e']), 'a, b and 3 more');
});

test('figures are shown if each has its unit', () => {
  for (const text of ['still 77 °C, limit 80 °C', '82% of the stall torque, 80% is the bound', 'at 9.1 V, 9.5 to 16.0 V are allowed', '45% of the last 100 answers are missing']) {
    assert.equal(withUnits(text), text);
  }
  for (const text of ['it is at 1.2345, its limits are 1.0 to 1.1', 'it does not answer', 'it gives 5.20, its load explains 2.00']) {
    assert.equal(withUnits(text), '');
  }
});

test('torque and errors of a servo are told where they are not as they should be', () => {
  const told = (torque_enabled, hardware_error) => condition({ torque_enabled, hardware_error });
  assert.equal(told(true, 0), '');
  assert.equal(told(null, null), '');
  assert.equal(told(false, 0x24), 'torque off, overheating, overload');
});

test('a parking that was interrupted is told apart from an arm that was not disabled at all', () => {
  const message = 'parking was interrupted: the bus cycle was delayed by 0.22 s; torque stays on';
  assert.equal(notDisabled(message, true), 'Parking was interrupted: the bus cycle was delayed by 0.22 s; torque stays on');
  assert.equal(notDisabled(message, false), notDisabled(message, true));
  assert.equal(notDisabled('disable refused: it was canceled', false), 'Not disabled: it was canceled');
  assert.equal(notDisabled('', false), 'Not disabled: see the log');
});

test('limp joints are named, many counted', () => {
  assert.equal(limp([]), '');
  assert.equal(limp(['wrist_roll']), 'Wrist roll is limp: support the arm.');
  assert.equal(limp(['waist', 'elbow']), 'Waist and elbow are limp: support the arm.');
});

test('causes are said in plain words', () => {
  assert.equal(JOINT_FAULTS.blocked, 'is blocked');
  assert.equal(JOINT_FAULTS.contact, 'is blocked');
  assert.doesNotMatch(Object.values(JOINT_FAULTS).join(), /cut off|released|came against|resistance/);
});
