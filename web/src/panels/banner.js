/** The state of the robot in words, the reason, and the next step. */

import { PAGE } from '../api.js';
import { allow, button, byId, write } from '../dom.js';
import { Question } from './question.js';

/** The banner, the state of the link and the steps of recovery. */
export class Banner {
  /** @param {(command: string) => void} command */
  constructor(command) {
    this.root = byId('banner');
    this.state = this.part('.banner-state');
    this.reason = this.part('.banner-reason');
    this.step = this.part('.banner-step');
    const place = this.part('.banner-actions');
    this.release = new Question(place, 'release', 'Release…', 'The way is clear: release', () => command('release'));
    const supported = 'The arm is supported: torque off';
    this.torqueOff = new Question(place, 'torque-off', 'Torque off…', supported, () => command('torque_off'));
    this.clear = this.add('clear-faults', 'Clear faults', () => command('clear_faults'));
    this.enable = this.add('enable', 'Enable', () => command('enable'));
    this.disable = this.add('disable', 'Park & disable', () => command('disable'));
    this.takeOver = this.add('take-over', 'Take over', () => command('take_over'));
  }

  /**
   * @param {string} id
   * @param {string} label
   * @param {() => void} act
   */
  add(id, label, act) {
    const element = button(label);
    element.id = id;
    element.onclick = act;
    this.part('.banner-actions').append(element);
    return element;
  }

  /** @param {string} selector */
  part(selector) {
    return /** @type {HTMLElement} */ (this.root.querySelector(selector));
  }

  /**
   * @param {import('../states.js').Meaning} meaning
   * @param {import('../types').Permissions} permissions
   * @param {import('../types').Snapshot | null} snapshot
   * @param {number} lost for how long there has been no link, 0 where there is one [ms]
   */
  show(meaning, permissions, snapshot, lost) {
    const isLive = lost === 0;
    this.root.dataset.tone = meaning.tone;
    document.body.dataset.live = String(isLive);
    write(this.state, meaning.title);
    write(this.reason, meaning.reason);
    write(this.step, meaning.step);
    this.release.show(permissions.release === '');
    this.torqueOff.show(permissions.torque_off === '');
    this.takeOver.hidden = permissions.take_over !== '';
    this.offer(this.clear, permissions.clear_faults, meaning.tone === 'alarm');
    this.offer(this.enable, permissions.enable, meaning.next === 'enable');
    this.offer(this.disable, permissions.disable, meaning.next === 'disable');
    // Where recovery comes first, its steps alone are offered; an arm at fault may be let down.
    this.clear.hidden = permissions.clear_faults !== '';
    this.enable.hidden = meaning.tone === 'alarm';
    this.disable.hidden = this.enable.hidden && permissions.disable !== '';
    write(byId('link-control'), isLive ? this.driver(snapshot) : '–');
    // Not in the banner, which is read aloud whenever it changes.
    write(byId('link-state'), isLive ? this.ages(snapshot) : Number.isFinite(lost) ? `lost ${(lost / 1000).toFixed(0)} s ago` : 'none yet');
    write(byId('link-viewers'), isLive && snapshot ? `${snapshot.viewers} of ${snapshot.capacity}` : '–');
    byId('link').dataset.live = String(isLive);
  }

  /** @param {import('../types').Snapshot | null} snapshot */
  driver(snapshot) {
    if (!snapshot?.driver) return 'available';
    return snapshot.driver.page === PAGE ? 'you' : snapshot.driver.page ? 'another browser' : 'a program';
  }

  /**
   * @param {HTMLButtonElement} element
   * @param {string} why not
   * @param {boolean} isNext whether it is the next step
   */
  offer(element, why, isNext) {
    allow(why, null, element);
    element.title = why.trim();
    element.classList.toggle('recover', isNext && why === '');
  }

  /** @param {import('../types').Snapshot | null} snapshot */
  ages(snapshot) {
    const silent = snapshot?.sources.filter((source) => !source.alive).map((source) => source.topic) ?? [];
    byId('link').title = silent.length ? `silent: ${silent.join(', ')}` : 'every topic is alive';
    return silent.length ? `live, ${silent.length} silent` : 'live';
  }
}
