/** The state of the robot in words, why it is so, and the one step that leads on. */

import { allow, button, byId, write } from '../dom.js';

/** The banner, the state of the link and the steps of recovery. */
export class Banner {
  /** @param {(command: string) => void} command */
  constructor(command) {
    this.root = byId('banner');
    this.state = this.part('.banner-state');
    this.reason = this.part('.banner-reason');
    this.step = this.part('.banner-step');
    this.release = button('Release…', 'recover');
    this.release.id = 'release';
    this.confirm = button('The way is clear: release', 'recover');
    this.confirm.id = 'release-confirm';
    this.cancel = button('Cancel');
    this.clear = button('Clear faults', 'recover');
    this.clear.id = 'clear-faults';
    this.arm = button('Arm');
    this.arm.id = 'arm';
    this.disarm = button('Park & disarm');
    this.disarm.id = 'disarm';
    const recovery = [this.clear, this.release, this.confirm, this.cancel];
    this.part('.banner-actions').append(...recovery, this.arm, this.disarm);
    this.isAsking = false;
    this.release.onclick = () => this.ask(true);
    this.cancel.onclick = () => this.ask(false);
    this.confirm.onclick = () => {
      this.ask(false);
      command('release');
    };
    this.clear.onclick = () => command('clear_faults');
    this.arm.onclick = () => command('arm');
    this.disarm.onclick = () => command('disarm');
  }

  /** @param {string} selector */
  part(selector) {
    return /** @type {HTMLElement} */ (this.root.querySelector(selector));
  }

  /** @param {boolean} isAsking */
  ask(isAsking) {
    this.isAsking = isAsking;
    this.confirm.hidden = this.cancel.hidden = !isAsking;
    this.release.hidden = isAsking;
    if (isAsking) this.confirm.focus();
  }

  /**
   * @param {import('../states.js').Meaning} meaning
   * @param {import('../types').Permissions} permissions
   * @param {import('../types').Snapshot | null} snapshot
   * @param {boolean} isLive
   */
  show(meaning, permissions, snapshot, isLive) {
    this.root.dataset.tone = meaning.tone;
    document.body.dataset.live = String(isLive);
    write(this.state, meaning.title);
    write(this.reason, meaning.reason);
    write(this.step, meaning.step);
    const mayRelease = permissions.release === '';
    if (!mayRelease) this.isAsking = false;
    this.release.hidden = !mayRelease || this.isAsking;
    this.confirm.hidden = this.cancel.hidden = !mayRelease || !this.isAsking;
    this.clear.hidden = permissions.clear_faults !== '';
    this.offer(this.arm, permissions.arm, meaning.next === 'arm');
    this.offer(this.disarm, permissions.disarm, false);
    // Where recovery comes first, its steps alone are offered; an arm at fault may be let down.
    this.arm.hidden = meaning.tone === 'alarm';
    this.disarm.hidden = this.arm.hidden && permissions.disarm !== '';
    write(byId('link-state'), isLive ? this.ages(snapshot) : 'lost');
    write(byId('link-viewers'), isLive && snapshot ? `${snapshot.viewers} of ${snapshot.capacity}` : '–');
    byId('link').dataset.live = String(isLive);
  }

  /**
   * @param {HTMLButtonElement} element
   * @param {string} why not
   * @param {boolean} isNext whether it is the step that leads on
   */
  offer(element, why, isNext) {
    allow(why, null, element);
    element.title = why.trim();
    element.classList.toggle('recover', isNext);
  }

  /** @param {import('../types').Snapshot | null} snapshot */
  ages(snapshot) {
    const silent = snapshot?.sources.filter((source) => !source.alive).map((source) => source.topic) ?? [];
    byId('link').title = silent.length ? `silent: ${silent.join(', ')}` : 'every topic is alive';
    return silent.length ? `live, ${silent.length} silent` : 'live';
  }
}
