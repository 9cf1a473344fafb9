import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Headline } from '../src/headline.js';

const JOINTS = ['waist', 'shoulder', 'elbow', 'wrist_roll'].map((name) => ({ name }));

/** @returns {any} */
function seen(state, faults = {}, { reason = '', values = {} } = {}) {
  const told = Object.entries(faults).map(([joint, cause]) => ({
    name: `servo_interface: ${joint}`, process: 'servo_interface', part: joint, level: 'ERROR', message: cause, values: { cause },
  }));
  return { state: { name: state, reason, values }, faults: told, joints: JOINTS };
}

const line = (headline, snapshot, now) => headline.of(snapshot, now).reason;

test('one joint that is at fault is told by its name and cause', () => {
  const headline = new Headline();
  assert.equal(line(headline, seen('FAULT', { wrist_roll: 'overload' }), 0), 'Wrist roll was overloaded and has shut down.');
});

test('of several faults the gravest is told, with all joints that have it', () => {
  const faults = { waist: 'load', shoulder: 'overheating', elbow: 'overheating' };
  assert.match(line(new Headline(), seen('FAULT', faults), 0), /^Shoulder and elbow: each is too hot/);
});

test('half of all packets lost is the bus, whichever joint is silent at the moment', () => {
  const headline = new Headline();
  const told = new Set();
  for (let now = 0, turn = 0; now < 20_000; now += 100, turn++) {
    const joint = JOINTS[(turn * 7) % 4].name;
    const state = turn % 3 ? seen('FAULT', { [joint]: turn % 2 ? 'missing' : 'communication' }) : seen('HOLDING', {}, { reason: `${joint}: it answers now` });
    const { reason } = headline.of(state, now);
    if (now >= 2500) told.add(reason.replace(/of .*/, ''));
  }
  assert.deepEqual([...told], ['The bus loses answers ']);
});

test('a headline stays two seconds, unless a graver one comes', () => {
  const headline = new Headline();
  const lines = [];
  line(headline, seen('FAULT', { elbow: 'overload' }), 0);
  for (const [now, faults] of [[100, { waist: 'load' }], [1900, { waist: 'load' }], [2100, { waist: 'load' }]]) {
    lines.push(line(headline, seen('FAULT', faults), now).split(' ')[0]);
  }
  assert.deepEqual(lines, ['Elbow', 'Elbow', 'Waist']);
  assert.match(line(headline, seen('FAULT', { waist: 'missing', elbow: 'missing' }), 2200), /^The bus/);
});

test('a state that moves or takes commands is told at once', () => {
  const headline = new Headline();
  line(headline, seen('FAULT', { elbow: 'overload' }), 0);
  assert.equal(line(headline, seen('ENABLED', {}, { reason: 'enabled' }), 100), '');
  line(headline, seen('FAULT', { elbow: 'overload' }), 5000);
  assert.equal(line(headline, seen('PARKING', {}, { reason: 'parking' }), 5100), 'Parking.');
});

test('all servos silent is the supply, before bus and joint', () => {
  const faults = Object.fromEntries(JOINTS.map(({ name }) => [name, 'missing']));
  const headline = new Headline();
  line(headline, seen('HOLDING'), 0);
  assert.match(line(headline, seen('FAULT', faults), 1000), /^The bus loses answers of many/);
  const { reason, step } = headline.of(seen('FAULT', faults), 3100);
  assert.equal(reason, 'No servo answers.');
  assert.match(step, /power supply/);
});

test('a bad voltage in several joints is the supply', () => {
  const faults = { waist: 'input_voltage', elbow: 'input_voltage', shoulder: 'overload' };
  assert.match(line(new Headline(), seen('FAULT', faults), 0), /^The supply voltage is bad/);
});

test('a bus that was well again for long enough is blamed no more', () => {
  const headline = new Headline();
  line(headline, seen('FAULT', { waist: 'missing', elbow: 'missing' }), 0);
  assert.equal(line(headline, seen('HOLDING', {}, { reason: 'elbow: it answers now' }), 6000), 'Elbow: it answers now.');
});

test('dead software and a gone port are told by their keys', () => {
  const told = (cause) => line(new Headline(), seen('DISCONNECTED', {}, { values: { cause } }), 0);
  assert.match(told('bus_process'), /software restarts/);
  assert.match(told('disconnected'), /USB adapter/);
});

test('a bus that was silent before does not hide a fault that is there now', () => {
  const headline = new Headline();
  line(headline, seen('FAULT', { waist: 'missing', elbow: 'missing' }), 0);
  assert.match(line(headline, seen('FAULT', { shoulder: 'encoder' }), 2500), /^Shoulder reports/);
});

test('the state alone, which comes before the diagnostics, names joint and cause in the same words', () => {
  const state = seen('FAULT', {}, { values: { cause: 'missing', 'fault.wrist_roll.cause': 'missing' } });
  assert.equal(line(new Headline(), state, 0), 'Wrist roll does not answer.');
});

test('an event that is over is not the reason of a calm state, and what is there now is', () => {
  const told = (name, values) => line(new Headline(), seen(name, {}, { reason: 'shoulder: recovered: it answers', values }), 0);
  for (const name of ['DISABLED', 'ENABLED', 'MOVING']) {
    assert.equal(told(name, { torque: name === 'DISABLED' ? 'off' : 'on', cause: 'missing' }), '', name);
    for (const key of ['blocked.waist', 'warning.waist.cause', 'free', 'speed_factor']) assert.notEqual(told(name, { [key]: 'x' }), '', key);
  }
  assert.notEqual(told('DISABLED', { torque: 'partial' }), '');
  assert.notEqual(told('HOLDING', {}), '');
});
