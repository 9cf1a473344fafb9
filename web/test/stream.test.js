import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SILENCE, Stream } from '../src/stream.js';

function watch() {
  /** @type {{closed: boolean, onmessage: any, close: () => void}[]} */
  const connections = [];
  /** @type {any[]} */
  const frames = [];
  let losses = 0;
  const stream = new Stream({
    connect: () => {
      const connection = { closed: false, onmessage: null, close: () => (connection.closed = true) };
      connections.push(connection);
      return connection;
    },
    onFrame: (frame) => frames.push(frame),
    onLost: () => losses++,
  });
  return { stream, connections, frames, losses: () => losses };
}

test('a stream is live with its first frame, not with its connection', () => {
  const { stream, frames } = watch();
  stream.open(0);
  assert.equal(stream.isLive, false);
  stream.receive('{"n":1}', 10);
  assert.equal(stream.isLive, true);
  assert.deepEqual(frames, [{ n: 1 }]);
});

test('silence is told once and within a second', () => {
  const { stream, losses } = watch();
  assert.ok(SILENCE + 100 < 1000);
  stream.open(0);
  stream.receive('{}', 0);
  for (let now = 0; now <= 1000; now += 100) stream.tick(now);
  assert.equal(losses(), 1);
  assert.equal(stream.isLive, false);
});

test('frames on time are no silence', () => {
  const { stream, losses } = watch();
  stream.open(0);
  for (let now = 0; now < 5000; now += 50) {
    stream.receive('{}', now);
    stream.tick(now);
  }
  assert.equal(losses(), 0);
});

test('a dead connection is closed and opened anew, again and again, and heals', () => {
  const { stream, connections } = watch();
  stream.open(0);
  for (let now = 0; now <= 6000; now += 100) stream.tick(now);
  assert.equal(connections.length, 3);
  assert.deepEqual(connections.map(({ closed }) => closed), [true, true, false]);
  stream.receive('{}', 6100);
  stream.tick(6200);
  assert.equal(stream.isLive, true);
});

test('a stream that was closed stays closed until it is opened', () => {
  const { stream, connections, losses } = watch();
  stream.open(0);
  stream.receive('{}', 0);
  stream.close();
  stream.close();
  for (let now = 0; now <= 6000; now += 100) stream.tick(now);
  assert.deepEqual([connections.length, connections[0].closed, losses()], [1, true, 1]);
  stream.open(7000);
  stream.receive('{}', 7010);
  assert.equal(stream.isLive, true);
});
