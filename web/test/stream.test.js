import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FRESH, SILENCE, Stream } from '../src/stream.js';

function watch() {
  /** @type {{closed: boolean, onmessage: any, close: () => void}[]} */
  const connections = [];
  /** @type {any[]} */
  const frames = [];
  let losses = 0;
  let troubles = 0;
  const stream = new Stream({
    connect: () => {
      const connection = { closed: false, onmessage: null, close: () => (connection.closed = true) };
      connections.push(connection);
      return connection;
    },
    onFrame: (frame) => frames.push(frame),
    onLost: () => losses++,
    onTrouble: () => troubles++,
  });
  return { stream, connections, frames, losses: () => losses, troubles: () => troubles };
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

test('a frame is too old to jog by long before the link is lost', () => {
  const { stream } = watch();
  assert.equal(stream.isFresh(0), false);
  stream.open(0);
  assert.equal(stream.isFresh(0), false);
  stream.receive('{}', 0);
  assert.deepEqual([stream.isFresh(FRESH), stream.isFresh(FRESH + 1)], [true, false]);
  assert.ok(FRESH < SILENCE);
});

test('frames that waited in a buffer are as old as they are, and not as new as they come', () => {
  const { stream, frames } = watch();
  stream.open(0);
  for (let now = 0; now <= 500; now += 50) stream.receive(JSON.stringify({ time: 90 + now / 1000 }), now + 10);
  // The link stalls for 700 ms, then delivers what was made meanwhile, the oldest first.
  stream.receive(JSON.stringify({ time: 90.55 }), 1210);
  assert.equal(stream.isFresh(1210), false);
  stream.receive(JSON.stringify({ time: 91.2 }), 1212);
  assert.equal(stream.isFresh(1212), true);
  const shown = frames.length;
  stream.receive(JSON.stringify({ time: 91.25 }), 2260);
  assert.equal(frames.length, shown, 'a second old: not shown at all');
});

test('two clocks that drift apart do not make a frame old', () => {
  const { stream } = watch();
  stream.open(0);
  for (let now = 0; now < 3_600_000; now += 1000) stream.receive(JSON.stringify({ time: (now * 0.9999) / 1000 }), now);
  assert.equal(stream.isFresh(3_599_000), true);
});

test('the clock of a server that was replaced needs a new connection', () => {
  const { stream, connections } = watch();
  stream.open(0);
  stream.receive(JSON.stringify({ time: 5000 }), 100);
  stream.receive(JSON.stringify({ time: 3 }), 200);
  assert.deepEqual(connections.map(({ closed }) => closed), [true, false]);
  stream.receive(JSON.stringify({ time: 3.1 }), 300);
  assert.equal(stream.isFresh(300), true);
});

test('a device that slept trusts nothing that it finds in its buffers', () => {
  const { stream, frames, connections, losses } = watch();
  stream.open(0);
  stream.tick(0, 0);
  stream.receive('{"n":1}', 50, 50);
  // Its own clock stood still for a minute, the wall clock did not.
  stream.receive('{"n":2}', 100, 60_100);
  assert.deepEqual(frames, [{ n: 1 }]);
  stream.tick(100, 60_100);
  assert.deepEqual([stream.isLive, losses(), connections.length, connections[0].closed], [false, 1, 2, true]);
  stream.receive('{"n":3}', 150, 60_150);
  assert.equal(stream.isFresh(150), true);
});

test('an old connection that speaks after it was given up is not heard', () => {
  const { stream, connections, frames } = watch();
  stream.open(0);
  stream.open(10);
  connections[0].onmessage({ data: '{"n":1}' });
  assert.deepEqual(frames, []);
});

test('a connection that fails or stays silent is trouble to be looked into', () => {
  const { stream, connections, troubles } = watch();
  stream.open(0);
  connections[0].onerror();
  assert.equal(troubles(), 1);
  for (let now = 0; now <= 3000; now += 100) stream.tick(now);
  assert.equal(troubles(), 2);
});
