import { api, ApiError } from './api.js';
import { one } from './dom.js';
import { Workspace } from './workspace.js';

const account = one(document, '#account', HTMLFormElement);
const add = one(document, '#add', HTMLFormElement);
const newText = one(document, '#new-text', HTMLTextAreaElement);

/** @type {Workspace | undefined} */
let workspace;

account.addEventListener('submit', (event) => {
  event.preventDefault();
  const { name, password } = Object.fromEntries(new FormData(account));
  const path = event.submitter?.getAttribute('value') ?? 'sign-up';
  complain('#account-problem', undefined);
  api('POST', path, { name, password }).then(enter, (error) => complain('#account-problem', error));
});

add.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = newText.value;
  add.reset();
  complain('#problem', undefined);
  workspace?.add(text).catch((error) => {
    newText.value ||= text;
    onProblem(error);
  });
});

one(document, '#sign-out', HTMLElement).addEventListener('click', () => {
  api('POST', 'sign-out').then(leave, onProblem);
});

api('GET', 'session').then(enter, leave);

/** @param {{ name: string }} customer */
function enter({ name }) {
  one(document, '#customer', HTMLElement).textContent = name;
  account.reset();
  turn('workspace');
  workspace = new Workspace(onProblem);
  workspace.open().catch(onProblem);
}

function leave() {
  workspace?.close();
  workspace = undefined;
  one(document, '#customer', HTMLElement).textContent = '';
  turn('welcome');
}

/** @param {'welcome' | 'workspace'} shown */
function turn(shown) {
  const isInside = shown === 'workspace';
  one(document, '#welcome', HTMLElement).hidden = isInside;
  for (const part of ['#workspace', '#menu', '#facts']) one(document, part, HTMLElement).hidden = !isInside;
}

/** @param {unknown} error */
function onProblem(error) {
  if (error instanceof ApiError && error.status === 401) leave();
  else complain('#problem', error);
}

/** @param {string} selector @param {unknown} error undefined: there is none any more */
function complain(selector, error) {
  const element = one(document, selector, HTMLElement);
  element.hidden = error === undefined;
  element.textContent = error instanceof Error ? error.message : '';
}
