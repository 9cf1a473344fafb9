/** What is wrong: who, what, since when, what was done about it and the step that recovers it. */

import { byId, make, write } from '../dom.js';
import { duration } from '../format.js';
import { OF_JOINT, STEPS, list, plain, sentence, subject, withUnits } from '../words.js';

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
      const seconds = Math.max(...card.map(({ values }) => Number(values['since [s]'])));
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
    const process = fault.name.split(':')[0];
    const alike = fault.level === 'STALE' ? `stale ${process}` : fault.values.cause && `${fault.level} ${fault.values.cause}`;
    const key = alike || fault.name;
    groups.set(key, [...(groups.get(key) ?? []), fault]);
  }
  return [...groups.values()];
}

/**
 * What is told of a fault; where it begins with its cause, that is told once.
 *
 * @param {import('../types').Fault} fault
 */
export function told({ message, values }) {
  const mark = `${values.cause}: `;
  return message.startsWith(mark + values.cause) ? message.slice(mark.length) : message;
}

/** @param {import('../types').Fault[]} card */
function item(card) {
  const [fault] = card;
  const { cause, done, remedy, step } = fault.values;
  const element = make('li', `fault ${fault.level.toLowerCase()}`);
  const isStale = fault.level === 'STALE';
  const subjects = isStale ? [subject(fault.name.split(':')[0])] : card.map(({ name }) => subject(name));
  const head = make('div', 'fault-head');
  head.append(make('b', '', list(subjects)), make('span', 'since'));
  // Registers, ports and the robot's own words are for who looks closer.
  element.title = card.map(({ name, message }) => `${name}: ${message}`).join('\n');
  const isKnown = fault.level === 'ERROR' && cause in OF_JOINT;
  element.append(head, make('p', '', sentence(isKnown ? OF_JOINT[cause] : plain(told(fault)) || 'see the log')));
  const figures = isKnown && card.length === 1 ? withUnits(plain(fault.values.detail)) : '';
  if (figures) element.append(make('p', 'done', sentence(figures)));
  if (plain(done)) element.append(make('p', 'done', sentence(plain(done))));
  const waits = step === 'wait' && plain(fault.values['waits for'] || remedy);
  const leads = waits || (step && STEPS[step]) || plain(remedy);
  if (leads) element.append(make('p', 'remedy', sentence(leads)));
  return element;
}
