/** The one element of index.html with this id. */
export function $(id) {
  return document.getElementById(id);
}

/** Makes an element. Children that are strings become text, never markup. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class') element.className = value;
    else if (name.startsWith('aria-')) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

export function show(element, visible = true) {
  element.hidden = !visible;
}

let messageTimer;

/** Tells what was done, to eyes and ears, and goes away by itself. */
export function tell(text) {
  const message = $('message');
  message.textContent = text;
  message.classList.add('shown');
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => message.classList.remove('shown'), 4_000);
}

/** Shows what went wrong inside a form, or clears it. */
export function complain(form, text = '') {
  const problem = form.querySelector('.problem');
  problem.textContent = text;
  show(problem, text !== '');
}

/** The state line of a list: loading, empty, failed, or nothing to say. */
export function state(element, text = '', { retry, busy = false } = {}) {
  element.replaceChildren();
  if (busy) element.append(make('span', { class: 'spinner', 'aria-hidden': 'true' }), ' ');
  if (text) element.append(text);
  if (retry) element.append(' ', make('button', { type: 'button', class: 'link', onclick: retry }, 'Try again'));
}

/**
 * Runs the work once at a time, with the button marked busy. What is thrown goes to `onProblem`.
 */
export async function busy(button, work, onProblem) {
  if (button.getAttribute('aria-busy') === 'true') return;
  button.setAttribute('aria-busy', 'true');
  try {
    await work();
  } catch (error) {
    onProblem(error);
  } finally {
    button.removeAttribute('aria-busy');
  }
}

/** Asks before something that cannot be undone. */
export function confirm(title, text, yes) {
  const dialog = $('confirm-dialog');
  $('confirm-title').textContent = title;
  $('confirm-text').textContent = text;
  $('confirm-yes').textContent = yes;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}
