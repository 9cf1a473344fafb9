import assert from 'node:assert/strict';
import { test } from 'node:test';

import { furtherFaults, meaning, permissions, sentence } from '../src/states.js';

const STATES = [
  'STARTING', 'DISARMED', 'HOLDING', 'ARMED', 'MOVING', 'PARKING', 'FAULT', 'PROTECTIVE_STOP', 'DISCONNECTED',
];

/** @returns {any} */
function snapshot(name, reason = '') {
  return { state: { name, reason, values: {} }, faults: [], recording: { active: false } };
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
  for (const [state, reason] of [['ARMED', 'armed'], ['MOVING', 'armed'], ['DISARMED', 'ready'], ['PROTECTIVE_STOP', 'protective stop']]) {
    const { reason: shown } = meaning(snapshot(state, reason), true);
    assert.equal(shown, meaning(snapshot(state), true).reason);
  }
});

test('a fault that the banner tells already is not told twice', () => {
  const bus = { name: 'servo_interface: bus', message: 'protective stop' };
  const elbow = { name: 'servo_interface: elbow', message: 'overload' };
  const shown = { ...snapshot('PROTECTIVE_STOP', 'protective stop'), faults: [bus, elbow] };
  assert.deepEqual(furtherFaults(shown), [elbow]);
});

test('faults are cleared where the state is a fault', () => {
  const clearable = STATES.filter((state) => permissions(snapshot(state), true).clear_faults === '');
  assert.deepEqual(clearable, ['FAULT']);
});

test('an arm at fault may be let down, and one that is stopped must be released first', () => {
  const parkable = STATES.filter((state) => permissions(snapshot(state), true).disarm === '');
  assert.deepEqual(parkable, ['HOLDING', 'ARMED', 'MOVING', 'FAULT']);
});

test('only an armed arm may be moved', () => {
  const movable = STATES.filter((state) => permissions(snapshot(state), true).move === '');
  assert.deepEqual(movable, ['ARMED', 'MOVING']);
});

test('only a protective stop may be released, and it must be released before arming', () => {
  const releasable = STATES.filter((state) => permissions(snapshot(state), true).release === '');
  assert.deepEqual(releasable, ['PROTECTIVE_STOP']);
  assert.match(permissions(snapshot('PROTECTIVE_STOP'), true).arm, /release/i);
});

test('without a link nothing is allowed, whatever was shown last', () => {
  for (const state of STATES) {
    for (const [command, why] of Object.entries(permissions(snapshot(state), false))) {
      assert.notEqual(why, '', `${command} in ${state}`);
    }
  }
  assert.equal(meaning(snapshot('ARMED'), false).tone, 'lost');
  assert.equal(meaning(null, true).tone, 'lost');
});

test('a state that the page does not know allows no motion and is shown by its name', () => {
  assert.notEqual(permissions(snapshot('DANCING'), true).move, '');
  assert.equal(meaning(snapshot('DANCING'), true).title, 'DANCING');
});

test('a silent recorder cannot be started', () => {
  const silent = { ...snapshot('ARMED'), recording: { active: null } };
  assert.match(permissions(silent, true).record, /silent/);
});

test('a reason becomes one sentence', () => {
  assert.equal(sentence('  holds '), 'Holds.');
  assert.equal(sentence('Why?'), 'Why?');
  assert.equal(sentence(''), '');
});
