/** Press-and-hold: one lease for all joints that are held, renewed, and every way of letting go ends it. */

const IN_FLIGHT = 2; // renewals without an answer; more would queue up on a slow link

/** @typedef {{velocities: Record<string, number>, press: number, sequence: number}} JogRequest */

/**
 * A press begins with the first joint that is held and ends when none is. Each request names all joints that are
 * held, since those that it does not name stop.
 */
export class Jog {
  /**
   * @param {object} parts
   * @param {(request: JogRequest) => Promise<import('./types').Answer>} parts.send
   * @param {(answer: import('./types').Answer) => void} parts.onRefused
   * @param {(joint: string) => void} [parts.onEnd] a joint is not held any more
   * @param {() => number} [parts.number] a number larger than that of every press before
   */
  constructor({ send, onRefused, onEnd = () => {}, number = () => Date.now() }) {
    this.send = send;
    this.onRefused = onRefused;
    this.onEnd = onEnd;
    this.number = number;
    /** @type {Map<string, number>} velocity by joint [rad/s] */
    this.held = new Map();
    this.current = 0;
    this.sequence = 0;
    this.inFlight = 0;
  }

  /** @param {string} joint */
  isPressed(joint) {
    return this.held.has(joint);
  }

  /**
   * @param {string} joint
   * @param {number} velocity [rad/s]
   * @returns {boolean} whether the joint was free to be pressed
   */
  press(joint, velocity) {
    if (this.held.has(joint)) return false;
    if (this.held.size === 0) {
      this.current = Math.max(this.current + 1, this.number());
      this.sequence = this.inFlight = 0;
    }
    this.held.set(joint, velocity);
    void this.say(Object.fromEntries(this.held));
    return true;
  }

  /** Renew the lease; called each time that the model's `jog.renewal` has passed. */
  tick() {
    if (this.held.size > 0 && this.inFlight < IN_FLIGHT) void this.say(Object.fromEntries(this.held));
  }

  /** @param {string} joint */
  release(joint) {
    this.letGo([joint]);
  }

  releaseAll() {
    this.letGo([...this.held.keys()]);
  }

  /** @param {string[]} joints */
  letGo(joints) {
    const ended = joints.filter((joint) => this.held.delete(joint));
    if (ended.length === 0) return;
    // Numbered after all others of the press: a lease that is overtaken moves nothing.
    void this.say({ ...Object.fromEntries(this.held), ...Object.fromEntries(ended.map((joint) => [joint, 0])) });
    ended.forEach(this.onEnd);
  }

  /**
   * One request; a late or a lost one ends nothing, since the next follows, but a refusal does.
   *
   * @param {Record<string, number>} velocities
   */
  async say(velocities) {
    const press = this.current;
    this.inFlight += 1;
    const answer = await this.send({ velocities, press, sequence: this.sequence++ });
    if (press !== this.current) return;
    this.inFlight -= 1;
    if (answer.ok || answer.status === 0 || this.held.size === 0) return;
    this.releaseAll();
    this.onRefused(answer);
  }
}
