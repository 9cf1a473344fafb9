/** Press-and-hold: a press is a lease that is renewed, and every way of letting go ends it. */

export const PERIOD = 100; // [ms]; the controller stops after 250 ms of silence
const IN_FLIGHT = 2; // requests of a press; more would queue up on a slow link

/** @typedef {{joint: string, velocity: number, press: number, sequence: number}} JogRequest */

/** Renews the leases of all joints that are being pressed. */
export class Jog {
  /**
   * @param {object} parts
   * @param {(request: JogRequest) => Promise<import('./types').Answer>} parts.send
   * @param {(message: string) => void} parts.onRefused
   * @param {() => number} [parts.number] a number that no other press has
   */
  constructor({ send, onRefused, number = () => Math.floor(Math.random() * 2 ** 52) }) {
    this.send = send;
    this.onRefused = onRefused;
    this.number = number;
    /** @type {Map<string, {velocity: number, press: number, sequence: number, inFlight: number}>} */
    this.presses = new Map();
  }

  /** @param {string} joint */
  isPressed(joint) {
    return this.presses.has(joint);
  }

  /**
   * @param {string} joint
   * @param {number} velocity [rad/s]
   */
  press(joint, velocity) {
    if (this.presses.has(joint)) return;
    this.presses.set(joint, { velocity, press: this.number(), sequence: 0, inFlight: 0 });
    this.renew(joint);
  }

  /** Renew every lease; called each PERIOD. */
  tick() {
    for (const joint of this.presses.keys()) this.renew(joint);
  }

  /** @param {string} joint */
  release(joint) {
    const press = this.presses.get(joint);
    if (!press) return;
    this.presses.delete(joint);
    // Numbered after all others of the press: a lease that is overtaken moves nothing.
    void this.send({ joint, velocity: 0, press: press.press, sequence: press.sequence });
  }

  releaseAll() {
    for (const joint of [...this.presses.keys()]) this.release(joint);
  }

  /** @param {string} joint */
  async renew(joint) {
    const press = this.presses.get(joint);
    if (!press || press.inFlight >= IN_FLIGHT) return;
    const request = { joint, velocity: press.velocity, press: press.press, sequence: press.sequence++ };
    press.inFlight += 1;
    const answer = await this.send(request);
    press.inFlight -= 1;
    if (!answer.ok && this.presses.get(joint) === press) {
      this.release(joint);
      this.onRefused(answer.message);
    }
  }
}
