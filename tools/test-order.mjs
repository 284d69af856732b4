import Sequencer from '@jest/test-sequencer';

/**
 * The simulation first: its files are the longest and among the smallest, and by their size, which is all that is known in a fresh checkout, they would
 * come last and leave a core without work.
 */
export default class TestOrder extends (Sequencer.default ?? Sequencer) {
  sort(tests) {
    const isLong = ({ path }) => path.endsWith('.sim.spec.ts');
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}
