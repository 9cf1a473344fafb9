import assert from 'node:assert/strict';
import { test } from 'node:test';

import { list, plain, subject, withUnits } from '../src/words.js';

test('the page names its own buttons instead of services', () => {
  assert.equal(plain('let it cool, then call /servo_interface/clear_faults'), 'let it cool, then press “Clear faults”');
  assert.equal(plain('disable, which parks it, then call clear_faults'), 'press “Park & disable”, then press “Clear faults”');
  assert.equal(plain('the state is HOLDING; enable with /servo_interface/enable'), 'the state is HOLDING; press “Enable”');
  assert.equal(
    plain('look, then ask again, or support the arm and call /servo_interface/torque_off'),
    'look, then ask again, or support the arm and press “Torque off…”',
  );
  assert.equal(plain('support the arm, then call /servo_interface/torque_off'), 'support the arm, then press “Torque off…”');
  assert.equal(plain('release with /servo_interface/protective_stop false'), 'press “Release”');
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
]) {
  test(`no operator is shown: ${foreign}`, () => {
    assert.equal(plain(`elbow holds; ${foreign}; look`), 'elbow holds; look');
  });
}

test('names of joints are words', () => {
  assert.equal(plain('wrist_roll: it answers now'), 'wrist roll: it answers now');
});

test('numbers keep their units and slashes of units are no paths', () => {
  assert.equal(plain('elbow at 0.52 rad/s, 3 of 7 joints'), 'elbow at 0.52 rad/s, 3 of 7 joints');
});

test('joints and processes have names for people', () => {
  assert.equal(subject('servo_interface: wrist_roll'), 'Wrist roll');
  assert.equal(subject('arm_controller'), 'Motion control');
  assert.equal(subject('somebody_else'), 'Somebody else');
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
