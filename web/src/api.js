/** Requests to the monitor. A command never throws: what went wrong is its answer. */

const TIMEOUT = 70_000; // [ms]; parking is answered when the arm rests

/** This page's number, by which the monitor knows who drives; crypto.randomUUID needs HTTPS. */
export const PAGE = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(16)).join('-');

/**
 * @param {string} command
 * @param {Record<string, unknown>} [body]
 * @param {{timeout?: number, keepalive?: boolean}} [options] timeout [ms]
 * @returns {Promise<import('./types').Answer>}
 */
export async function post(command, body = {}, { timeout = TIMEOUT, keepalive = false } = {}) {
  try {
    const response = await fetch(`api/${command}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Armature-Page': PAGE },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeout),
      keepalive,
    });
    const answer = await response.json();
    return { ok: response.ok && answer.ok, message: answer.message, status: response.status };
  } catch {
    return { ok: false, message: 'the monitor does not answer', status: 0 };
  }
}

/**
 * @param {string} path
 * @returns {Promise<{status: number, body: any}>} status 0: no answer
 */
export async function get(path) {
  try {
    const response = await fetch(`api/${path}`, { signal: AbortSignal.timeout(5000) });
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 0, body: null };
  }
}

/** The live stream of this page. */
export function connect() {
  return new EventSource(`api/stream?page=${PAGE}`);
}
