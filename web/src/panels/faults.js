/** What is wrong: who, what, since when, what was done about it and the step that recovers it. */

import { byId, make, write } from '../dom.js';
import { duration } from '../format.js';
import { JOINT_FAULTS, STEPS, JOINT_WARNINGS, limp, stepInstructions, list, plain, sentence, subject, withUnits } from '../words.js';

/** The list of faults; one cause in several joints is one card. */
export class Faults {
  constructor() {
    this.list = byId('faults');
    this.shown = '';
  }

  /** Without a link: what was told last stays, dimmed. */
  forget() {
    this.list.parentElement?.classList.add('unknown');
    write(byId('faults-title'), 'Faults not known: no link');
  }

  /**
   * @param {import('../types').Fault[]} faults
   * @param {string} state
   * @param {string[]} limpJoints
   */
  show(faults, state, limpJoints) {
    const cards = grouped(faults);
    const kind = cards.every(([fault]) => fault.level === 'WARN') ? 'Warnings' : 'Faults';
    this.list.parentElement?.classList.toggle('any', cards.length > 0);
    this.list.parentElement?.classList.toggle('warned', kind === 'Warnings');
    this.list.parentElement?.classList.remove('unknown');
    write(byId('faults-title'), cards.length ? `${kind} · ${cards.length}` : none(state));
    // Built anew only when the faults change, so that a screen reader does not repeat them.
    const told = cards.map((card) => card.map(({ name, level, message, values }) => [name, level, message, values.step]));
    const key = JSON.stringify([told, limpJoints]);
    if (key !== this.shown) this.list.replaceChildren(...cards.map((card) => item(card, limpJoints)));
    this.shown = key;
    cards.forEach((card, index) => {
      const since = this.list.children[index]?.querySelector('.since');
      const seconds = Math.max(...card.map(({ values }) => Number(values.since_s)));
      if (since) write(since, Number.isFinite(seconds) ? `since ${duration(seconds)}` : '');
    });
  }
}

/** @type {Record<string, string>} what no fault means in a state that has a cause, or whose faults are not told yet */
const NONE = {
  STARTING: 'Faults not known yet',
  FAULT: 'Faults not known yet',
  DISCONNECTED: 'Faults not known: no servos',
  HOLDING: 'No fault of a joint',
  PROTECTIVE_STOP: 'No fault of a joint',
};

/** @param {string} state */
export function none(state) {
  return NONE[state] ?? 'No faults';
}

/**
 * Faults with a common cause, or of a process that no longer reports.
 *
 * @param {import('../types').Fault[]} faults
 */
export function grouped(faults) {
  /** @type {Map<string, import('../types').Fault[]>} */
  const groups = new Map();
  for (const fault of faults) {
    const alike = fault.level === 'STALE' ? `stale ${fault.process}` : fault.values.cause && `${fault.level} ${fault.values.cause}`;
    const key = alike || fault.name;
    groups.set(key, [...(groups.get(key) ?? []), fault]);
  }
  return [...groups.values()];
}

/**
 * A fault in the page's own words if it has a cause, else in the robot's.
 *
 * @param {import('../types').Fault} fault
 */
export function describe({ level, message, values: { cause } }) {
  const words = (level === 'WARN' && JOINT_WARNINGS[cause]) || JOINT_FAULTS[cause];
  return words ?? (plain(message) || 'see the log');
}

/**
 * @param {import('../types').Fault[]} card
 * @param {string[]} limpJoints
 */
function item(card, limpJoints) {
  const [fault] = card;
  const { cause, detail, done, remedy, step } = fault.values;
  const element = make('li', `fault ${fault.level.toLowerCase()}`);
  const isStale = fault.level === 'STALE';
  const subjects = isStale ? [subject({ process: fault.process })] : card.map(subject);
  const head = make('div', 'fault-head');
  head.append(make('b', '', list(subjects)), make('span', 'since'));
  // Registers, ports and the robot's own words are for who looks closer.
  element.title = card.map(({ name, message }) => `${name}: ${message}`).join('\n');
  element.append(head, make('p', '', sentence(describe(fault))));
  const figures = cause in JOINT_FAULTS && card.length === 1 ? withUnits(plain(detail)) : '';
  if (figures) element.append(make('p', 'done', sentence(figures)));
  if (plain(done)) element.append(make('p', 'done', sentence(plain(done))));
  const support = limp(card.map(({ part }) => part).filter((part) => limpJoints.includes(part)));
  if (support) element.append(make('p', 'remedy', support));
  const waits = step === 'wait' && plain(fault.values.waits_for);
  const leads = waits || stepInstructions(fault.values) || (step && STEPS[step]) || plain(remedy);
  if (leads) element.append(make('p', 'remedy', sentence(leads)));
  return element;
}
