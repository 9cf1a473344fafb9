import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Jog } from '../src/jog.js';

function record(answer = { ok: true, message: '', status: 200 }) {
  /** @type {import('../src/jog.js').JogRequest[]} */
  const sent = [];
  /** @type {string[]} */
  const refused = [];
  /** @type {string[]} */
  const ended = [];
  let presses = 0;
  const jog = new Jog({
    send: async (request) => {
      sent.push(request);
      return answer;
    },
    onRefused: ({ message }) => refused.push(message),
    onEnd: (joint) => ended.push(joint),
    number: () => ++presses,
  });
  return { jog, sent, refused, ended };
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
    sent.map(({ velocities, press, sequence }) => [velocities, press, sequence]),
    [[{ elbow: 0.3 }, 1, 0], [{ elbow: 0.3 }, 1, 1], [{ elbow: 0 }, 1, 2]],
  );
});

test('each request names all joints that are held, since those that it does not name stop', async () => {
  const { jog, sent } = record();
  jog.press('elbow', 0.3);
  jog.press('waist', -0.2);
  await settled();
  jog.tick();
  await settled();
  jog.release('elbow');
  jog.tick();
  await settled();
  jog.release('waist');
  assert.deepEqual(
    sent.map(({ velocities }) => velocities),
    [
      { elbow: 0.3 },
      { elbow: 0.3, waist: -0.2 },
      { elbow: 0.3, waist: -0.2 },
      { elbow: 0, waist: -0.2 },
      { waist: -0.2 },
      { waist: 0 },
    ],
  );
  assert.deepEqual(new Set(sent.map(({ press }) => press)).size, 1);
  assert.deepEqual(sent.map(({ sequence }) => sequence), [0, 1, 2, 3, 4, 5]);
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

test('a second press of a held joint changes nothing, a new press has a larger number', () => {
  const { jog, sent } = record();
  assert.equal(jog.press('elbow', 0.3), true);
  assert.equal(jog.press('elbow', -0.3), false);
  jog.release('elbow');
  jog.press('elbow', -0.3);
  assert.deepEqual(
    sent.map(({ velocities, press }) => [velocities.elbow, press]),
    [[0.3, 1], [0, 1], [-0.3, 2]],
  );
});

test('numbers of presses grow though the clock stands still', () => {
  const sent = [];
  const jog = new Jog({ send: async (request) => sent.push(request), onRefused: () => {}, number: () => 5 });
  for (let time = 0; time < 3; time++) {
    jog.press('elbow', 0.3);
    jog.release('elbow');
  }
  assert.deepEqual(sent.map(({ press }) => press), [5, 5, 6, 6, 7, 7]);
});

test('every held joint is let go at once, by one request', () => {
  const { jog, sent, ended } = record();
  jog.press('elbow', 0.3);
  jog.press('waist', 0.2);
  jog.releaseAll();
  assert.deepEqual(sent.slice(2).map(({ velocities }) => velocities), [{ elbow: 0, waist: 0 }]);
  assert.deepEqual(ended, ['elbow', 'waist']);
  assert.equal(jog.isPressed('elbow'), false);
});

for (const status of [401, 409, 422, 503]) {
  test(`a refusal (${status}) ends the press and is told once`, async () => {
    const { jog, sent, refused, ended } = record({ ok: false, message: 'state is DISABLED', status });
    jog.press('elbow', 0.3);
    await settled();
    jog.tick();
    await settled();
    assert.deepEqual(refused, ['state is DISABLED']);
    assert.deepEqual(ended, ['elbow']);
    assert.equal(sent.at(-1)?.velocities.elbow, 0);
    assert.equal(sent.length, 2);
  });
}

test('requests that are lost do not end a press', async () => {
  const { jog, sent, refused } = record({ ok: false, message: 'the monitor does not answer', status: 0 });
  jog.press('elbow', 0.3);
  for (let tick = 0; tick < 5; tick++) {
    await settled();
    jog.tick();
  }
  assert.deepEqual(refused, []);
  assert.equal(jog.isPressed('elbow'), true);
  assert.equal(sent.length, 6);
});

test('a refusal of the press before does not end the present one', async () => {
  const answers = [];
  const refused = [];
  const jog = new Jog({
    send: () => new Promise((resolve) => answers.push(resolve)),
    onRefused: (answer) => refused.push(answer),
  });
  jog.press('elbow', 0.3);
  jog.release('elbow');
  jog.press('elbow', 0.3);
  answers[0]({ ok: false, message: 'state is MOVING', status: 409 });
  await settled();
  assert.equal(jog.isPressed('elbow'), true);
  assert.deepEqual(refused, []);
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
  assert.equal(sent.at(-1).velocities.elbow, 0);
});
