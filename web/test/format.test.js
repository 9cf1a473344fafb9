import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as format from '../src/format.js';

/** @type {any} */
const ELBOW = { name: 'elbow', kind: 'revolute', group: 'arm', lower: -2, upper: 2, velocity: 3, effort: 4 };
const GRIPPER = { ...ELBOW, name: 'gripper', kind: 'prismatic', group: 'gripper', lower: 0, upper: 0.03 };
const NOTHING = { effort: null, current: null, load: null };

test('radians are shown as degrees and metres as millimetres', () => {
  assert.deepEqual(format.position(ELBOW, Math.PI / 2), ['90.0', '°']);
  assert.deepEqual(format.position(GRIPPER, 0.0125), ['12.5', 'mm']);
  assert.deepEqual(format.velocity(ELBOW, -Math.PI), ['−180', '°/s']);
});

test('what is absent is a dash and never a zero', () => {
  for (const value of [null, undefined, NaN, Infinity]) assert.equal(format.number(value, 1), '–');
  assert.deepEqual(format.position(ELBOW, null)[0], '–');
  assert.deepEqual(format.load(ELBOW, /** @type {any} */ (NOTHING)), ['–', '']);
  assert.equal(format.fraction(ELBOW, null), null);
  assert.equal(format.joined(format.velocity(ELBOW, null)), '–');
});

test('a true zero is a zero, without a sign', () => {
  assert.equal(format.number(-0.0001, 1), '0.0');
  assert.equal(format.fraction(GRIPPER, 0), 0);
});

test('the load is the best that is known', () => {
  assert.deepEqual(format.load(ELBOW, /** @type {any} */ ({ effort: 1.234, current: 0.3, load: 4 })), ['1.23', 'N·m']);
  assert.deepEqual(format.load(ELBOW, /** @type {any} */ ({ ...NOTHING, current: 0.3125, load: 4 })), ['313', 'mA']);
  assert.deepEqual(format.load(ELBOW, /** @type {any} */ ({ ...NOTHING, load: -4.2 })), ['−4', '%']);
});

test('what a gripper gives is a force, what a joint gives a torque', () => {
  const reading = /** @type {any} */ ({ ...NOTHING, effort: 12.5 });
  assert.deepEqual(format.load(GRIPPER, reading), ['12.50', 'N']);
  assert.deepEqual(format.load(ELBOW, reading), ['12.50', 'N·m']);
});

test('the age of an absence is told', () => {
  assert.equal(format.absence(null), 'never read');
  assert.equal(format.absence(2.34), 'no reading for 2.3 s');
  assert.equal(format.absence(3725), 'no reading for 1:02:05');
});

test('a value beyond a limit is shown at the limit', () => {
  assert.equal(format.fraction(ELBOW, 5), 1);
  assert.equal(format.fraction(ELBOW, -5), 0);
  assert.equal(format.fraction({ ...ELBOW, lower: null, upper: null }, 0), 0.5);
});
