/** The live stream: the newest values, or within a second the notice that there are none. */

export const SILENCE = 800; // [ms] without a frame: lost; frames come every 50 ms
export const FRESH = 300; // [ms]; nothing is jogged by an older frame
const RENEWAL = 2500; // [ms] without a frame: the connection is given up and opened anew
const SLEPT = 1500; // [ms] between two ticks: the device slept, and what waits in its buffers is old
const DRIFT = 1e-3; // of two clocks at most, far more than quartz has

/**
 * @typedef {object} Source what EventSource offers
 * @property {((event: MessageEvent) => any) | null} onmessage
 * @property {((event: any) => any) | null} [onerror]
 * @property {() => void} close
 */

/** Watches one connection; time and connection are given, so that a test can play both. */
export class Stream {
  /**
   * @param {object} parts
   * @param {() => Source} parts.connect opens a connection
   * @param {(frame: any) => void} parts.onFrame
   * @param {() => void} parts.onLost called once for each silence
   * @param {() => void} [parts.onTrouble] called when a connection fails or stays silent: it cannot say why
   */
  constructor({ connect, onFrame, onLost, onTrouble = () => {} }) {
    this.connect = connect;
    this.onFrame = onFrame;
    this.onLost = onLost;
    this.onTrouble = onTrouble;
    this.isLive = false;
    this.newestAt = -Infinity; // when the newest frame was made
    this.opened = -Infinity;
    this.ticked = NaN;
    /** The least time that a frame took on its way, by two clocks of which neither knows the other's zero. */
    this.quickest = Infinity;
    this.measured = 0; // when that was last measured
    /** @type {Source | null} */
    this.source = null;
  }

  /**
   * Whether what is shown is new enough to move the arm by it.
   *
   * @param {number} now [ms]
   */
  isFresh(now) {
    return this.isLive && now - this.newestAt <= FRESH;
  }

  /**
   * @param {number} now [ms] called several times a second
   * @param {number} [wall] the same on a clock that goes on while the device sleeps [ms]
   */
  tick(now, wall = now) {
    const hasSlept = wall - this.ticked > SLEPT;
    this.ticked = wall;
    if (this.isLive && (hasSlept || now - this.newestAt > SILENCE)) this.lose();
    if (!this.source) return;
    const isSilent = !this.isLive && now - Math.max(this.newestAt, this.opened) > RENEWAL;
    if (isSilent) this.onTrouble();
    if (isSilent || hasSlept) this.open(now);
  }

  /** @param {number} now [ms] */
  open(now) {
    this.source?.close();
    this.opened = now;
    this.quickest = Infinity;
    const source = this.connect();
    this.source = source;
    source.onmessage = (event) => {
      if (source === this.source) this.receive(event.data, performance.now(), Date.now());
    };
    source.onerror = () => {
      if (source === this.source) this.onTrouble();
    };
  }

  /** Give the connection up until it is opened again: a browser has only six of them for all its tabs. */
  close() {
    this.source?.close();
    this.source = null;
    if (this.isLive) this.lose();
  }

  lose() {
    this.isLive = false;
    this.onLost();
  }

  /**
   * @param {string} data
   * @param {number} now [ms]
   * @param {number} [wall] [ms]
   */
  receive(data, now, wall = now) {
    if (wall - this.ticked > SLEPT) return; // the next tick opens the connection anew
    const frame = JSON.parse(data);
    const made = now - this.late(frame.time, now);
    // Stuck in a buffer; or the browser has connected again by itself, to a server whose clock has another zero.
    if (now - made > RENEWAL) return this.open(now);
    this.newestAt = Math.max(this.newestAt, made);
    if (now - this.newestAt > SILENCE) return; // it was delayed for too long to be shown
    this.isLive = true;
    this.onFrame(frame);
  }

  /**
   * How much longer a frame took than the quickest one of this connection [ms].
   *
   * @param {number | null | undefined} time when it was made, by the server's clock [s]
   * @param {number} now [ms]
   */
  late(time, now) {
    if (typeof time !== 'number') return 0;
    const took = now - 1000 * time;
    const grown = this.quickest + DRIFT * Math.max(0, now - this.measured);
    this.measured = now;
    this.quickest = Math.min(took, Number.isFinite(grown) ? grown : Infinity);
    return took - this.quickest;
  }
}
