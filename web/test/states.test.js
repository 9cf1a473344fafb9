import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describe, none } from '../src/panels/faults.js';
import { furtherFaults, isCalibrating, isHot, limpJoints, meaning, otherDriver, permissions, sentence } from '../src/states.js';

const STATES = [
  'STARTING', 'DISABLED', 'HOLDING', 'ENABLED', 'MOVING', 'PARKING', 'FAULT', 'PROTECTIVE_STOP', 'DISCONNECTED', 'CALIBRATING',
];

/** @returns {any} */
function snapshot(name, reason = '', values = {}) {
  return { state: { name, reason, values }, faults: [], recording: { active: false } };
}

test('every state has a reason and a step', () => {
  for (const state of STATES) {
    const { title, reason, step } = meaning(snapshot(state), true);
    assert.ok(title && reason && step, state);
  }
});

test("the robot's own reason comes first", () => {
  assert.equal(meaning(snapshot('FAULT', 'elbow: overload'), true).reason, 'Elbow: overload.');
});

test('a reason that only repeats the state gives way to what the state means', () => {
  for (const [state, reason] of [['ENABLED', 'enabled'], ['MOVING', 'enabled'], ['DISABLED', 'ready'], ['PROTECTIVE_STOP', 'protective stop']]) {
    const { reason: shown } = meaning(snapshot(state, reason), true);
    assert.equal(shown, meaning(snapshot(state), true).reason);
  }
});

test('a fault that the banner tells already is not told twice', () => {
  const bus = { process: 'servo_interface', part: 'bus', level: 'WARN', message: 'the stop in other words', values: {} };
  const elbow = { process: 'servo_interface', part: 'elbow', level: 'ERROR', message: 'overload', values: {} };
  const shown = { ...snapshot('PROTECTIVE_STOP', 'protective stop'), faults: [bus, elbow] };
  assert.deepEqual(furtherFaults(shown), [elbow]);
});

test('a joint is hot where the robot warns of it, be it its gravest trouble or not', () => {
  const elbow = { process: 'servo_interface', part: 'elbow', values: { cause: 'temperature' } };
  assert.ok(isHot({ ...snapshot('ENABLED'), faults: [elbow] }, 'elbow'));
  assert.ok(!isHot({ ...snapshot('ENABLED'), faults: [elbow] }, 'waist'));
  assert.ok(isHot(snapshot('ENABLED', '', { 'warning.elbow.cause': 'load', 'warning.elbow.temperature.cause': 'temperature' }), 'elbow'));
  assert.ok(!isHot(snapshot('FAULT', '', { 'fault.elbow.cause': 'overload' }), 'elbow'));
});

test('faults are cleared where the state is a fault', () => {
  const clearable = STATES.filter((state) => permissions(snapshot(state), true).clear_faults === '');
  assert.deepEqual(clearable, ['FAULT']);
});

test('an arm at fault may be let down, and one that is stopped must be released first', () => {
  const parkable = STATES.filter((state) => permissions(snapshot(state), true).disable === '');
  assert.deepEqual(parkable, ['HOLDING', 'ENABLED', 'MOVING', 'FAULT']);
});

test('only an enabled arm may be moved', () => {
  const movable = STATES.filter((state) => permissions(snapshot(state), true).move === '');
  assert.deepEqual(movable, ['ENABLED', 'MOVING']);
});

test('only a protective stop may be released, and it must be released before enabling', () => {
  const releasable = STATES.filter((state) => permissions(snapshot(state), true).release === '');
  assert.deepEqual(releasable, ['PROTECTIVE_STOP']);
  assert.match(permissions(snapshot('PROTECTIVE_STOP'), true).enable, /release/i);
});

test('without a link nothing is allowed, whatever was shown last', () => {
  for (const state of STATES) {
    for (const [command, why] of Object.entries(permissions(snapshot(state), false))) {
      assert.notEqual(why, '', `${command} in ${state}`);
    }
  }
  assert.equal(meaning(snapshot('ENABLED'), false).tone, 'lost');
  assert.equal(meaning(null, true).tone, 'lost');
});

test('a state that the page does not know allows no motion and is shown by its name', () => {
  assert.notEqual(permissions(snapshot('DANCING'), true).move, '');
  assert.equal(meaning(snapshot('DANCING'), true).title, 'DANCING');
});

test('a silent recorder cannot be started', () => {
  const silent = { ...snapshot('ENABLED'), recording: { active: null } };
  assert.match(permissions(silent, true).record, /silent/);
});

test('a reason becomes one sentence', () => {
  assert.equal(sentence('  holds '), 'Holds.');
  assert.equal(sentence('Why?'), 'Why?');
  assert.equal(sentence(''), '');
});

test('nothing is allowed before a first frame, and each control says why', () => {
  for (const isLive of [true, false]) {
    for (const [command, why] of Object.entries(permissions(null, isLive))) assert.notEqual(why.trim(), '', command);
  }
});

test('a frame that is not fresh locks the jog alone, with the reason', () => {
  const may = permissions(snapshot('ENABLED'), true, { isFresh: false });
  assert.match(may.jog, /data/);
  assert.equal(may.move, '');
});

test('why there is no link is told, with what leads on', () => {
  const told = (link) => Object.values(meaning(null, false, { link })).join(' ');
  assert.match(told({ kind: 'full', places: 32 }), /All 32 places .* STOP works.*Close another page/);
  assert.match(told({ kind: 'key' }), /access key.*STOP works/);
  assert.match(told({ kind: 'lost' }), /jogging is off/);
  assert.match(told({ kind: 'waiting' }), /No data from the robot yet/);
});

test('while another browser drives everything but STOP and release is locked, and says since when', () => {
  const noon = new Date(2026, 0, 1, 12, 5, 0).getTime();
  for (const state of STATES) {
    const seen = { ...snapshot(state, '', { step: 'torque_off' }), driver: { page: 'other', held: 120, idle: false } };
    const other = otherDriver(seen, 'me', noon);
    assert.equal(other, 'Another browser drives since 12:03.');
    const { release, take_over, ...may } = permissions(seen, true, { other });
    for (const [command, why] of Object.entries(may)) assert.equal(why, other, `${command} in ${state}`);
    assert.equal(release === '', state === 'PROTECTIVE_STOP');
    assert.notEqual(take_over, '');
  }
});

test('control can be taken over from one that is idle, and not from oneself, a program or nobody', () => {
  const driven = (driver) => {
    const seen = { ...snapshot('ENABLED'), driver };
    return permissions(seen, true, { other: otherDriver(seen, 'me', 0) });
  };
  assert.equal(driven({ page: 'other', held: 30, idle: true }).take_over, '');
  for (const driver of [{ page: 'me', held: 30, idle: true }, null, undefined]) {
    assert.notEqual(driven(driver).take_over, '');
    assert.equal(driven(driver).move, '');
  }
  assert.match(otherDriver({ ...snapshot('ENABLED'), driver: { page: '', held: 1, idle: false } }, 'me', 0), /A program/);
});

test('the button that is offered at a fault is the step that the robot names', () => {
  for (const [step, offered] of Object.entries({
    clear_faults: { clear_faults: '' },
    disable: { disable: '' },
    torque_off: { torque_off: '', disable: '' },
    wait: { disable: '' },
  })) {
    const seen = snapshot('FAULT', 'elbow: encoder', { step });
    const may = permissions(seen, true);
    for (const command of ['clear_faults', 'torque_off']) {
      assert.equal(may[command] === '', command in offered, `${command} at ${step}`);
    }
    assert.equal(may.disable, '');
    const { next, step: told } = meaning(seen, true);
    assert.equal(next, step);
    assert.ok(told);
  }
});

test('an arm that holds can be let down by hand, one that takes commands cannot', () => {
  assert.equal(permissions(snapshot('HOLDING', 'not parked: blocked at elbow'), true).torque_off, '');
  for (const state of ['ENABLED', 'MOVING', 'PARKING', 'DISABLED']) {
    assert.notEqual(permissions(snapshot(state), true).torque_off, '');
  }
});

test('what a fault waits for is told in its place', () => {
  const values = { step: 'wait', waits_for: 'elbow: still 77 °C, limit 80 °C; let it cool below 73 °C' };
  assert.equal(meaning(snapshot('FAULT', '', values), true).step, 'Elbow: still 77 °C, limit 80 °C; let it cool below 73 °C.');
});

test('dead software is not blamed on a cable, nor a cable on software', () => {
  const told = (cause) => Object.values(meaning(snapshot('DISCONNECTED', 'x', { cause }), true)).join(' ');
  for (const cause of ['bus_process', 'servo_interface', '']) assert.doesNotMatch(told(cause), /cable|power|plug/i);
  assert.match(told('disconnected'), /plug it in/i);
});

test('what looks for the cause is told where nothing but that is left to be done', () => {
  const headline = { reason: 'The bus loses answers.', step: 'Check the cable.' };
  const step = (name) => meaning(snapshot('FAULT', '', { step: name, waits_for: 'elbow: x' }), true, { headline }).step;
  assert.equal(step('wait'), 'Check the cable.');
  assert.match(step('clear_faults'), /Clear faults/);
});

test('a joint that is blocked can be cleared while the arm goes on to take commands', () => {
  const blocked = { ...snapshot('ENABLED'), state: { ...snapshot('ENABLED').state, values: { 'blocked.waist': 'above 0.1000' } } };
  assert.equal(permissions(blocked, true).clear_faults, '');
  assert.notEqual(permissions(snapshot('ENABLED'), true).clear_faults, '');
  assert.notEqual(permissions({ ...blocked, state: { ...blocked.state, name: 'PARKING' } }, true).clear_faults, '');
});

test('a fault is told in words of the page, by its cause', () => {
  const fault = (level, cause, message = '') => ({ name: 'servo_interface: waist', level, message, values: { cause } });
  assert.equal(describe(fault('WARN', 'blocked', 'blocked: whatever the robot says')), 'is blocked');
  assert.equal(describe(fault('WARN', 'load')), 'carries much');
  assert.equal(describe(fault('ERROR', 'load')), 'carries too much');
  assert.equal(describe(fault('WARN', undefined, '30 connections a second send no request')), '30 connections a second send no request');
});

test('what one fault of several would end is offered, though another one has to be waited for', () => {
  const elbow = { process: 'servo_interface', part: 'elbow', level: 'ERROR', message: '', values: { step: 'clear_faults' } };
  const seen = { ...snapshot('FAULT', '', { step: 'wait' }), faults: [elbow] };
  assert.equal(permissions(seen, true).clear_faults, '');
  assert.equal(meaning(seen, true).next, 'wait');
});

test('a fault is cleared, not ended', () => {
  assert.equal(permissions(snapshot('FAULT'), true).enable, 'Clear the fault first.');
});

test('that no joint is at fault does not contradict a state that has a cause, nor claim what is not known', () => {
  assert.equal(none('ENABLED'), 'No faults');
  for (const state of ['HOLDING', 'PROTECTIVE_STOP']) assert.equal(none(state), 'No fault of a joint');
  for (const state of ['STARTING', 'FAULT', 'DISCONNECTED']) assert.match(none(state), /not known/);
});

test('a joint at fault without torque is limp, and the arm is supported before anything is pressed', () => {
  const told = (torque_enabled, cause, state = 'FAULT') => {
    const seen = { ...snapshot(state, '', { step: 'clear_faults', 'fault.wrist_roll.cause': cause }), joints: [{ name: 'wrist_roll', torque_enabled }, { name: 'waist', torque_enabled: false }] };
    assert.equal(meaning(seen, true).step.startsWith('Wrist roll is limp: support the arm. '), limpJoints(seen).length > 0);
    return limpJoints(seen);
  };
  assert.deepEqual(told(false, 'encoder'), ['wrist_roll']);
  assert.deepEqual(told(null, 'overload'), ['wrist_roll']);
  assert.deepEqual(told(null, 'missing'), []);
  assert.deepEqual(told(true, 'overload'), []);
  assert.deepEqual(told(false, 'encoder', 'DISABLED'), []);
  const elbow = { process: 'servo_interface', part: 'elbow', level: 'ERROR', message: '', values: { cause: 'encoder' } };
  assert.deepEqual(limpJoints({ ...snapshot('FAULT'), faults: [elbow], joints: [{ name: 'elbow', torque_enabled: false }] }), ['elbow']);
});

test('a slow arm says why and with which command it becomes quick', () => {
  const slow = snapshot('ENABLED', 'enabled', { limits: 'reduced' });
  assert.match(meaning(slow, true).step, /a tenth as fast.*armature calibrate/);
  assert.doesNotMatch(meaning(snapshot('ENABLED', 'enabled'), true).step, /tenth/);
});

test('while the arm is calibrated nothing is allowed, and the banner says that torque is off', () => {
  const shown = snapshot('CALIBRATING', 'Push elbow along the arrow', { torque: 'off', asked: 'elbow' });
  assert.ok(isCalibrating(shown) && !isCalibrating(snapshot('DISABLED')) && !isCalibrating(null));
  const { record, ...moves } = permissions(shown, true);
  for (const [command, why] of Object.entries(moves)) assert.ok(why, command);
  const { title, reason, tone } = meaning(shown, true);
  assert.deepEqual([title, reason, tone], ['Calibrating: torque off', 'Push elbow along the arrow.', 'rest']);
});
