/**
 * The one element that a selector names.
 * @template {Element} E
 * @param {ParentNode} parent @param {string} selector @param {new () => E} kind @returns {E}
 */
export function one(parent, selector, kind) {
  const element = parent.querySelector(selector);
  if (element instanceof kind) return element;
  throw new Error(`the page lacks ${selector}`);
}
