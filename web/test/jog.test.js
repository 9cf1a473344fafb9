import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Jog } from '../src/jog.js';

function record(answer = { ok: true, message: '', status: 200 }) {
  /** @type {import('../src/jog.js').JogRequest[]} */
  const sent = [];
  /** @type {string[]} */
  const refused = [];
  let presses = 0;
  const jog = new Jog({
    send: async (request) => {
      sent.push(request);
      return answer;
    },
    onRefused: (message) => refused.push(message),
    number: () => ++presses,
  });
  return { jog, sent, refused };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a press is sent at once, renewed, and ended by a zero that is numbered last', async () => {
  const { jog, sent } = record();
  jog.press('elbow', 0.3);
  await settled();
  jog.tick();
  await settled();
  jog.release('elbow');
  assert.deepEqual(
    sent.map(({ velocity, press, sequence }) => [velocity, press, sequence]),
    [[0.3, 1, 0], [0.3, 1, 1], [0, 1, 2]],
  );
});

test('after the release nothing is renewed, and a second release sends nothing', async () => {
  const { jog, sent } = record();
  jog.press('elbow', 0.3);
  jog.release('elbow');
  jog.release('elbow');
  jog.tick();
  await settled();
  assert.equal(sent.length, 2);
});

test('a second press of a held joint changes nothing, a new press has a new number', async () => {
  const { jog, sent } = record();
  jog.press('elbow', 0.3);
  jog.press('elbow', -0.3);
  jog.release('elbow');
  jog.press('elbow', -0.3);
  assert.deepEqual(sent.map(({ velocity, press }) => [velocity, press]), [[0.3, 1], [0, 1], [-0.3, 2]]);
});

test('every held joint is let go at once', () => {
  const { jog, sent } = record();
  jog.press('elbow', 0.3);
  jog.press('waist', 0.2);
  jog.releaseAll();
  assert.deepEqual(sent.slice(2).map(({ joint, velocity }) => [joint, velocity]), [['elbow', 0], ['waist', 0]]);
  assert.equal(jog.isPressed('elbow'), false);
});

test('a refusal ends the press and is told once', async () => {
  const { jog, sent, refused } = record({ ok: false, message: 'state is DISARMED', status: 409 });
  jog.press('elbow', 0.3);
  await settled();
  jog.tick();
  await settled();
  assert.deepEqual(refused, ['state is DISARMED']);
  assert.equal(jog.isPressed('elbow'), false);
  assert.equal(sent.at(-1)?.velocity, 0);
  assert.equal(sent.length, 2);
});

test('a link that does not answer is not flooded, and is still told of the release', () => {
  const sent = [];
  const jog = new Jog({
    send: (request) => {
      sent.push(request);
      return new Promise(() => {});
    },
    onRefused: () => assert.fail('nothing was refused'),
  });
  jog.press('elbow', 0.3);
  for (let tick = 0; tick < 20; tick++) jog.tick();
  assert.equal(sent.length, 2);
  jog.release('elbow');
  assert.equal(sent.at(-1).velocity, 0);
});
