import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Headline } from '../src/headline.js';

const JOINTS = ['waist', 'shoulder', 'elbow', 'wrist_roll'].map((name) => ({ name }));

/** @returns {any} */
function seen(state, faults = {}, { reason = '', values = {} } = {}) {
  const told = Object.entries(faults).map(([joint, cause]) => ({
    name: `servo_interface: ${joint}`, level: 'ERROR', message: cause, values: { cause },
  }));
  return { state: { name: state, reason, values }, faults: told, joints: JOINTS };
}

test('one joint that is at fault is told by its name and cause', () => {
  const headline = new Headline();
  assert.equal(headline.of(seen('FAULT', { wrist_roll: 'overload' }), 0), 'Wrist roll was overloaded and has shut down.');
});

test('of several faults the gravest is told, with all joints that have it', () => {
  const faults = { waist: 'load', shoulder: 'overheating', elbow: 'overheating' };
  assert.match(new Headline().of(seen('FAULT', faults), 0), /^Shoulder and elbow: each is too hot/);
});

test('half of all packets lost is the bus, whichever joint is silent at the moment', () => {
  const headline = new Headline();
  const told = new Set();
  for (let now = 0, turn = 0; now < 20_000; now += 100, turn++) {
    const joint = JOINTS[(turn * 7) % 4].name;
    const state = turn % 3 ? seen('FAULT', { [joint]: turn % 2 ? 'missing' : 'communication' }) : seen('HOLDING', {}, { reason: `${joint}: it answers now` });
    const line = headline.of(state, now);
    if (now >= 2500) told.add(line.replace(/of .*/, ''));
  }
  assert.deepEqual([...told], ['The bus loses answers ']);
});

test('a headline stays two seconds, unless a graver one comes', () => {
  const headline = new Headline();
  const lines = [];
  headline.of(seen('FAULT', { elbow: 'overload' }), 0);
  for (const [now, faults] of [[100, { waist: 'load' }], [1900, { waist: 'load' }], [2100, { waist: 'load' }]]) {
    lines.push(headline.of(seen('FAULT', faults), now).split(' ')[0]);
  }
  assert.deepEqual(lines, ['Elbow', 'Elbow', 'Waist']);
  assert.match(headline.of(seen('FAULT', { waist: 'missing', elbow: 'missing' }), 2200), /^The bus/);
});

test('a state that moves or takes commands is told at once', () => {
  const headline = new Headline();
  headline.of(seen('FAULT', { elbow: 'overload' }), 0);
  assert.equal(headline.of(seen('ARMED', {}, { reason: 'armed' }), 100), 'Armed.');
});

test('all servos silent is the supply, before bus and joint', () => {
  const faults = Object.fromEntries(JOINTS.map(({ name }) => [name, 'missing']));
  assert.equal(new Headline().of(seen('FAULT', faults), 0), 'No servo answers.');
});

test('a bad voltage in several joints is the supply', () => {
  const faults = { waist: 'input voltage', elbow: 'input voltage', shoulder: 'overload' };
  assert.match(new Headline().of(seen('FAULT', faults), 0), /^The supply voltage is bad/);
});

test('a bus that was well again for long enough is blamed no more', () => {
  const headline = new Headline();
  headline.of(seen('FAULT', { waist: 'missing', elbow: 'missing' }), 0);
  assert.equal(headline.of(seen('HOLDING', {}, { reason: 'elbow: it answers now' }), 6000), 'Elbow: it answers now.');
});

test('dead software and a gone port are told by their keys', () => {
  const told = (cause) => new Headline().of(seen('DISCONNECTED', {}, { values: { cause } }), 0);
  assert.match(told('bus process'), /software restarts/);
  assert.match(told('disconnected'), /USB adapter/);
});
