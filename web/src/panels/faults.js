/** What is wrong: who, what, since when, what was done about it and the step that recovers it. */

import { byId, make, write } from '../dom.js';
import { duration } from '../format.js';
import { OF_JOINT, STEPS, WARNED_OF_JOINT, deeds, list, plain, sentence, subject, withUnits } from '../words.js';

/** The list of faults; one cause in several joints is one card. */
export class Faults {
  constructor() {
    this.list = byId('faults');
    this.shown = '';
  }

  /** @param {import('../types').Fault[]} faults */
  show(faults) {
    const cards = grouped(faults);
    const kind = cards.every(([fault]) => fault.level === 'WARN') ? 'Warnings' : 'Faults';
    this.list.parentElement?.classList.toggle('any', cards.length > 0);
    this.list.parentElement?.classList.toggle('warned', kind === 'Warnings');
    write(byId('faults-title'), cards.length ? `${kind} · ${cards.length}` : 'No faults');
    // Built anew only when the faults change, so that a screen reader does not repeat them.
    const key = JSON.stringify(cards.map((card) => card.map(({ name, level, message, values }) => [name, level, message, values.step])));
    if (key !== this.shown) this.list.replaceChildren(...cards.map(item));
    this.shown = key;
    cards.forEach((card, index) => {
      const since = this.list.children[index]?.querySelector('.since');
      const seconds = Math.max(...card.map(({ values }) => Number(values.since_s)));
      if (since) write(since, Number.isFinite(seconds) ? `since ${duration(seconds)}` : '');
    });
  }
}

/**
 * Faults that have their cause in common, or that a process tells nothing of any more.
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
 * What is told of a fault, in the page's own words where it has a cause.
 *
 * @param {import('../types').Fault} fault
 */
export function told({ level, message, values: { cause } }) {
  const words = (level === 'WARN' && WARNED_OF_JOINT[cause]) || OF_JOINT[cause];
  return words ?? (plain(message) || 'see the log');
}

/** @param {import('../types').Fault[]} card */
function item(card) {
  const [fault] = card;
  const { cause, detail, done, remedy, step } = fault.values;
  const element = make('li', `fault ${fault.level.toLowerCase()}`);
  const isStale = fault.level === 'STALE';
  const subjects = isStale ? [subject({ process: fault.process })] : card.map(subject);
  const head = make('div', 'fault-head');
  head.append(make('b', '', list(subjects)), make('span', 'since'));
  // Registers, ports and the robot's own words are for who looks closer.
  element.title = card.map(({ name, message }) => `${name}: ${message}`).join('\n');
  element.append(head, make('p', '', sentence(told(fault))));
  const figures = cause in OF_JOINT && card.length === 1 ? withUnits(plain(detail)) : '';
  if (figures) element.append(make('p', 'done', sentence(figures)));
  if (plain(done)) element.append(make('p', 'done', sentence(plain(done))));
  const waits = step === 'wait' && plain(fault.values.waits_for);
  const leads = waits || deeds(fault.values) || (step && STEPS[step]) || plain(remedy);
  if (leads) element.append(make('p', 'remedy', sentence(leads)));
  return element;
}
