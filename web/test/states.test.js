import assert from 'node:assert/strict';
import { test } from 'node:test';

import { meaning, permissions, sentence } from '../src/states.js';

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
