/** What is wrong: who, what, since when, what was done about it and the step that recovers it. */

import { byId, make, write } from '../dom.js';
import { duration } from '../format.js';
import { sentence } from '../states.js';

/** The list of faults. */
export class Faults {
  constructor() {
    this.list = byId('faults');
    this.shown = '';
  }

  /** @param {import('../types').Fault[]} faults */
  show(faults) {
    this.list.parentElement?.classList.toggle('any', faults.length > 0);
    write(byId('faults-title'), faults.length ? `Faults · ${faults.length}` : 'No faults');
    // Built anew only when the faults change, so that a screen reader does not repeat them.
    const key = JSON.stringify(faults.map(({ name, level, message, values }) => [name, level, message, values.remedy]));
    if (key !== this.shown) this.list.replaceChildren(...faults.map(item));
    this.shown = key;
    faults.forEach((fault, index) => {
      const since = this.list.children[index]?.querySelector('.since');
      const seconds = Number(fault.values['since [s]']);
      if (since) write(since, Number.isFinite(seconds) ? `since ${duration(seconds)}` : '');
    });
  }
}

/** @param {import('../types').Fault} fault */
function item(fault) {
  const element = make('li', `fault ${fault.level.toLowerCase()}`);
  const head = make('div', 'fault-head');
  const where = fault.name.split(':').pop()?.trim() ?? fault.name;
  head.append(make('b', '', where.replaceAll('_', ' ')), make('span', 'since'));
  element.title = fault.name;
  element.append(head, make('p', '', sentence(fault.message)));
  if (fault.values.done) element.append(make('p', 'done', sentence(fault.values.done)));
  if (fault.values.remedy) element.append(make('p', 'remedy', sentence(fault.values.remedy)));
  return element;
}
