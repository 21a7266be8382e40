/** Elements made of text and never of markup: what is stored under a key cannot become part of the page. */

export function byId(/** @type {string} */ id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element '${id}'`);
  return element;
}

export function element(
  /** @type {string} */ name,
  /** @type {Record<string, string>} */ attributes = {},
  /** @type {(Node | string)[]} */ ...children
) {
  return fill(document.createElement(name), attributes, children);
}

export function svgElement(
  /** @type {string} */ name,
  /** @type {Record<string, string | number>} */ attributes = {},
  /** @type {(Node | string)[]} */ ...children
) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

/** Changes a text only where it differs: an unchanged page costs no layout. */
export function setText(/** @type {Element} */ target, /** @type {string} */ text) {
  if (target.textContent !== text) target.textContent = text;
}

export function setClass(/** @type {Element} */ target, /** @type {string} */ names) {
  if (target.getAttribute('class') !== names) target.setAttribute('class', names);
}

/**
 * @template {Element} E
 * @param {E} made @param {Record<string, string | number>} attributes @param {(Node | string)[]} children
 */
function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}
