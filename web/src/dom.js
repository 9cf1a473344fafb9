/** Small helpers over the document. */

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function byId(id, kind) {
  const element = document.getElementById(id);
  if (!element || (kind && !(element instanceof kind))) throw new Error(`the page has no ${id}`);
  return /** @type {T} */ (element);
}

/**
 * @param {string} tag
 * @param {string} [className]
 * @param {string} [text]
 */
export function make(tag, className = '', text = '') {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/**
 * @param {string} label
 * @param {string} [className]
 */
export function button(label, className = '') {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = className;
  element.textContent = label;
  return element;
}

/**
 * Writes only what changed: twenty times a second, most of it did not.
 *
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Disables controls and says why; an empty text enables them.
 *
 * @param {string} why
 * @param {Element | null} place
 * @param {...(HTMLButtonElement | HTMLInputElement)} controls
 */
export function allow(why, place, ...controls) {
  for (const control of controls) control.disabled = why !== '';
  if (place) write(place, why.trim());
}
