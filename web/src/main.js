/** Ties the stream, the panels and the commands together. */

import '@fontsource-variable/inter/wght.css';
import { get, post } from './api.js';
import { byId, write } from './dom.js';
import { Jog, PERIOD } from './jog.js';
import { Banner } from './panels/banner.js';
import { Controls } from './panels/controls.js';
import { Faults } from './panels/faults.js';
import { JointTable } from './panels/joints.js';
import { Stop } from './panels/stop.js';
import { furtherFaults, meaning, permissions, sentence } from './states.js';
import { Stream } from './stream.js';
import { ArmView } from './view3d.js';

const STOP_TIMEOUT = 3000; // [ms]
const JOG_TIMEOUT = 1000; // [ms]
const TOAST = 6000; // [ms]

/** @type {import('./types').Snapshot | null} */
let snapshot = null;
let toastTimer = 0;

/**
 * @param {string} message
 * @param {boolean} isGood
 */
function tell(message, isGood) {
  const toast = byId('toast');
  write(toast, sentence(message));
  toast.dataset.good = String(isGood);
  toast.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = window.setTimeout(() => (toast.hidden = true), isGood ? TOAST : 2 * TOAST);
}

/**
 * @param {string} name
 * @param {Record<string, unknown>} [body]
 */
async function command(name, body) {
  const answer = await post(name, body);
  if (answer.status === 401) return askForKey();
  tell(answer.message || name, answer.ok);
}

/**
 * A motion that ends badly after it was accepted is told when it ends.
 *
 * @param {import('./types').Snapshot['motion'] | undefined} before
 * @param {import('./types').Snapshot['motion']} now
 */
function tellOutcome(before, now) {
  if (before?.outcome !== 'running' || !now || ['running', 'succeeded'].includes(now.outcome)) return;
  tell(`${now.goal} ${now.outcome}: ${now.message}`, false);
}

const jog = new Jog({
  send: (request) => post('jog', { ...request }, { timeout: JOG_TIMEOUT, keepalive: true }),
  onRefused: (message) => tell(message, false),
});
const stop = new Stop({
  send: () => post('stop', {}, { timeout: STOP_TIMEOUT, keepalive: true }),
  onPressed: () => jog.releaseAll(),
  onFailed: (message) => tell(message, false),
});
const banner = new Banner(command);
const faults = new Faults();

/** @type {{table: JointTable, controls: Controls, view: ArmView | null} | null} */
let panels = null;

const stream = new Stream({
  connect: () => new EventSource('api/stream'),
  onFrame: (frame) => {
    tellOutcome(snapshot?.motion, frame.motion);
    snapshot = frame;
    show();
  },
  onLost: () => {
    jog.releaseAll();
    show();
  },
});

function show() {
  const { isLive } = stream;
  const may = permissions(snapshot, isLive);
  if (may.move) jog.releaseAll();
  banner.show(meaning(snapshot, isLive), may, snapshot, isLive);
  stop.show(isLive && Boolean(snapshot?.protective_stop || snapshot?.state.name === 'PROTECTIVE_STOP'));
  panels?.controls.show(isLive ? snapshot : null, may);
  if (!snapshot || !panels) return;
  if (isLive) {
    faults.show(furtherFaults(snapshot));
    panels.table.show(snapshot, may.move);
    panels.view?.show(snapshot.joints);
  } else {
    panels.table.forbid(may.move);
  }
}

async function load() {
  const { status, body } = await get('model');
  if (status === 401) return askForKey();
  if (status !== 200) return void setTimeout(load, 1000);
  write(byId('arm-name'), body.name);
  document.title = `${body.name} · Armature`;
  const jogging = {
    /** @param {string} joint @param {number} velocity */
    press: (joint, velocity) => jog.press(joint, velocity),
    /** @param {string} joint */
    release: (joint) => jog.release(joint),
  };
  panels = {
    table: new JointTable(body.joints, jogging, body.jog_speed),
    controls: new Controls(body, command),
    view: makeView(body),
  };
  stream.open(performance.now());
  show();
}

/** @param {import('./types').Model} model */
function makeView(model) {
  try {
    return new ArmView(byId('view', HTMLCanvasElement), model);
  } catch (error) {
    const note = byId('view-note');
    note.hidden = false;
    write(note, `The 3D view is not available here (${error instanceof Error ? error.message : error}).`);
    return null;
  }
}

function askForKey() {
  byId('login').hidden = false;
  byId('login-key').focus();
}

byId('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  const answer = await post('login', { key: byId('login-key', HTMLInputElement).value.trim() });
  write(byId('login-why'), answer.ok ? '' : sentence(answer.message));
  if (!answer.ok) return;
  byId('login').hidden = true;
  if (!panels) void load();
});

window.addEventListener('blur', () => jog.releaseAll());
window.addEventListener('pagehide', () => jog.releaseAll());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    jog.releaseAll();
    stream.close();
  } else if (panels) {
    stream.open(performance.now());
  }
});
setInterval(() => jog.tick(), PERIOD);
setInterval(() => panels && stream.tick(performance.now()), PERIOD);
show();
void load();
