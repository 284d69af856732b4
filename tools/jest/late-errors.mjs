/**
 * jest-circus gives an error to the test in whose asynchronous context it was thrown. Where that test is of an earlier file, which is reported already, nobody
 * would ever see it: then it is an error of the file that runs. A handler of events, after that of jest-circus.
 * @param {any} event @param {any} state
 */
export function keepLateErrors(event, state) {
  if (event.name !== 'error') return;
  const { tests, hooks } = membersOf(state.rootDescribeBlock);
  const { promise, error } = event;
  if (promise === undefined) {
    const keepers = [state.unhandledErrors, ...tests.map(({ errors }) => errors)];
    if (!keepers.some((errors) => errors.includes(error))) state.unhandledErrors.push(error);
    return;
  }
  const ofFile = state.unhandledRejectionErrorByPromise;
  const keeper = state.unhandledRejectionErrorByPromiseTarget.get(promise);
  const keepers = [
    ofFile,
    ...tests.map(({ unhandledRejectionErrorByPromise }) => unhandledRejectionErrorByPromise),
    ...hooks.map((hook) => state.unhandledRejectionErrorByPromiseByHook.get(hook)),
  ];
  if (keepers.includes(keeper)) return;
  ofFile.set(promise, error);
  // Where it is looked for should somebody handle the rejection yet.
  state.unhandledRejectionErrorByPromiseTarget.set(promise, ofFile);
}

/** @param {any} block @returns {{ tests: any[], hooks: any[] }} of it and of all blocks inside */
function membersOf(block) {
  const tests = [];
  const hooks = [];
  const blocks = [block];
  for (const next of blocks) {
    hooks.push(...next.hooks);
    for (const child of next.children) (child.type === 'describeBlock' ? blocks : tests).push(child);
  }
  return { tests, hooks };
}
