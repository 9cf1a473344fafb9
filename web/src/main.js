/** Ties the stream, the panels and the commands together. */

import '@fontsource-variable/inter/wght.css';
import { PAGE, connect, get, post } from './api.js';
import { byId, write } from './dom.js';
import { Headline } from './headline.js';
import { Jog } from './jog.js';
import { Banner } from './panels/banner.js';
import { Controls } from './panels/controls.js';
import { Faults } from './panels/faults.js';
import { JointTable } from './panels/joints.js';
import { Login } from './panels/login.js';
import { Stop } from './panels/stop.js';
import { Toast } from './panels/toast.js';
import { furtherFaults, isCalibrating, limpJoints, meaning, otherDriver, permissions } from './states.js';
import { Stream } from './stream.js';
import { ArmView } from './view3d.js';
import { notDisabled, plain } from './words.js';

const STOP_TIMEOUT = 5000; // [ms]
const JOG_TIMEOUT = 1000; // [ms]
const TICK = 50; // [ms]
const REFUSED = 409; // HTTP; the robot has answered, and not done it

/** @type {import('./types').Snapshot | null} */
let snapshot = null;
/** @type {import('./states.js').Link} */
let link = { kind: 'waiting' };
let edition = '';
let hasParked = false; // since the last command

/**
 * What the robot answered, as far as an operator can use it.
 *
 * @param {import('./types').Answer} answer
 * @param {string} request
 */
function tellAnswer(answer, request) {
  if (answer.status === 401) return login.ask();
  toast.show(plain(answer.message) || (answer.ok ? `${request}: done` : `${request} was refused`), answer.ok);
}

/**
 * @param {string} name
 * @param {Record<string, unknown>} [body]
 */
async function command(name, body) {
  hasParked = false;
  const answer = await post(name, body);
  if (name === 'disable' && answer.status === REFUSED) answer.message = notDisabled(answer.message, hasParked);
  tellAnswer(answer, name.replaceAll('_', ' '));
}

/**
 * A motion that fails after it was accepted is reported when it ends.
 *
 * @param {import('./types').Snapshot['motion'] | undefined} before
 * @param {import('./types').Snapshot['motion']} now
 */
function tellOutcome(before, now) {
  if (before?.outcome !== 'running' || !now || ['running', 'succeeded'].includes(now.outcome)) return;
  toast.show(`${now.goal} ${now.outcome}: ${plain(now.message)}`, false);
}

const toast = new Toast();
const jog = new Jog({
  send: (request) => post('jog', { ...request }, { timeout: JOG_TIMEOUT, keepalive: true }),
  onRefused: (answer) => tellAnswer(answer, 'jog'),
  onEnd: (joint) => panels?.table.lift(joint),
});
const stop = new Stop({
  send: () => post('protective_stop', {}, { timeout: STOP_TIMEOUT, keepalive: true }),
  onPressed: () => jog.releaseAll(),
  onFailed: (message) => toast.show(message, false),
});
const login = new Login({
  send: (key) => post('login', { key }),
  onDone: () => (panels ? stream.open(performance.now()) : void load()),
});
const banner = new Banner(command);
const faults = new Faults();
const headline = new Headline();

/** @type {{table: JointTable, controls: Controls, view: ArmView | null} | null} */
let panels = null;

const stream = new Stream({
  connect,
  onFrame: (frame) => {
    // Another arm, or another version of the page, is served there now.
    if (frame.edition && frame.edition !== edition) return replaced();
    tellOutcome(snapshot?.motion, frame.motion);
    toast.follow(frame.state.name);
    hasParked ||= frame.state.name === 'PARKING';
    snapshot = frame;
    if (link.kind === 'key') login.close(); // given in another tab
    link = { kind: 'lost' };
    show();
  },
  onLost: () => {
    jog.releaseAll();
    toast.follow('');
    show();
  },
  onTrouble: () => void diagnose(),
});

function replaced() {
  jog.releaseAll();
  snapshot = null;
  stream.close();
  location.reload();
}

/** Why there is no stream: its connection cannot notify. */
async function diagnose() {
  const { status, body } = await get('state');
  if (stream.isLive) return;
  if (status === 401) {
    link = { kind: 'key' };
    login.ask();
  } else if (status === 200 && body.viewers >= body.capacity) {
    link = { kind: 'full', places: body.capacity };
  } else {
    link = { kind: snapshot ? 'lost' : 'waiting' };
  }
  show();
}

function show() {
  const { isLive } = stream;
  const now = performance.now();
  const other = otherDriver(snapshot, PAGE, Date.now());
  const may = permissions(snapshot, isLive, { isFresh: stream.isFresh(now), other });
  if (may.jog) jog.releaseAll();
  const top = isLive && snapshot ? headline.of(snapshot, now) : undefined;
  banner.show(meaning(snapshot, isLive, { link, headline: top }), may, snapshot, isLive ? 0 : now - stream.newestAt);
  const calibrates = isCalibrating(snapshot);
  document.body.classList.toggle('calibrating', calibrates);
  write(byId('view-ghost'), calibrates ? 'wanted pose' : 'commanded pose');
  stop.offer(!calibrates);
  stop.show(isLive && Boolean(snapshot?.protective_stop || snapshot?.state.name === 'PROTECTIVE_STOP'));
  if (!panels) return forbid(may.move);
  panels.controls.show(isLive ? snapshot : null, may);
  if (snapshot && isLive) {
    faults.show(furtherFaults(snapshot), snapshot.state.name, limpJoints(snapshot));
    panels.table.show(snapshot, may.jog);
    panels.view?.show(snapshot.joints, calibrates ? (snapshot.state.values.asked ?? '') : null);
  } else {
    faults.forget();
    panels.table.forbid(may.jog);
  }
}

/**
 * Before the arm is known, the page's own controls are locked as it is loaded.
 *
 * @param {string} why
 */
function forbid(why) {
  for (const id of ['jog-why', 'poses-why', 'gripper-why', 'record-why']) write(byId(id), why);
}

async function load() {
  const { status, body } = await get('model');
  if (status === 401) {
    link = { kind: 'key' };
    show();
    return login.ask();
  }
  if (status !== 200) return void setTimeout(load, 1000);
  link = { kind: 'waiting' };
  edition = body.edition;
  write(byId('arm-name'), body.name);
  document.title = `${body.name} · Armature`;
  panels = {
    table: new JointTable(body.joints, jogging, body.jog),
    controls: new Controls(body, command),
    view: makeView(body),
  };
  setInterval(() => jog.tick(), 1000 * body.jog.renewal);
  stream.open(performance.now());
  show();
}

const jogging = {
  /** @param {string} joint @param {number} velocity */
  press: (joint, velocity) => jog.press(joint, velocity),
  /** @param {string} joint */
  release: (joint) => jog.release(joint),
};

/** @param {import('./types').Model} model */
function makeView(model) {
  try {
    return new ArmView(byId('view', HTMLCanvasElement), model);
  } catch (error) {
    const note = byId('view-note');
    note.hidden = false;
    note.title = error instanceof Error ? error.message : String(error);
    write(note, 'The 3D view is not available here. Everything else works.');
    return null;
  }
}

function tick() {
  const now = performance.now();
  stream.tick(now, Date.now());
  if (!stream.isFresh(now)) show();
}

window.addEventListener('blur', () => jog.releaseAll());
window.addEventListener('pagehide', () => jog.releaseAll());
window.addEventListener('offline', () => jog.releaseAll());
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    jog.releaseAll();
    stream.close();
  } else if (panels) {
    stream.open(performance.now());
  }
});
setInterval(() => panels && tick(), TICK);
show();
void load();
