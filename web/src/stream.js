/** The live stream: newest values, and within a second the news that there are none. */

export const SILENCE = 800; // [ms] without a frame: lost; frames come every 50 ms
const RENEWAL = 2500; // [ms] without a frame: the connection is given up and opened anew

/**
 * @typedef {object} Source what EventSource offers
 * @property {((event: MessageEvent) => any) | null} onmessage
 * @property {() => void} close
 */

/** Watches one connection; time and connection are given, so that a test can play both. */
export class Stream {
  /**
   * @param {object} parts
   * @param {() => Source} parts.connect opens a connection
   * @param {(frame: any) => void} parts.onFrame
   * @param {() => void} parts.onLost called once for each silence
   */
  constructor({ connect, onFrame, onLost }) {
    this.connect = connect;
    this.onFrame = onFrame;
    this.onLost = onLost;
    this.isLive = false;
    this.heard = -Infinity;
    this.opened = -Infinity;
    /** @type {Source | null} */
    this.source = null;
  }

  /** @param {number} now [ms] called several times a second */
  tick(now) {
    if (this.isLive && now - this.heard > SILENCE) {
      this.isLive = false;
      this.onLost();
    }
    if (this.source && !this.isLive && now - Math.max(this.heard, this.opened) > RENEWAL) this.open(now);
  }

  /** @param {number} now [ms] */
  open(now) {
    this.source?.close();
    this.opened = now;
    this.source = this.connect();
    this.source.onmessage = (event) => this.receive(event.data, performance.now());
  }

  /** Give the connection up until it is opened again: a browser has only six of them for all its tabs. */
  close() {
    this.source?.close();
    this.source = null;
    if (this.isLive) {
      this.isLive = false;
      this.onLost();
    }
  }

  /**
   * @param {string} data
   * @param {number} now [ms]
   */
  receive(data, now) {
    this.heard = now;
    this.isLive = true;
    this.onFrame(JSON.parse(data));
  }
}
