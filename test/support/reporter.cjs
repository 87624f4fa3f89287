// Prints one plain line at the end, which CI reads: `N passed, N failed`.

const fs = require('node:fs');

module.exports = class ClosingLine {
  /** @param {unknown} _contexts @param {import('@jest/reporters').AggregatedResult} results */
  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    // A test file that does not load has no tests to count as failed.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // Jest prints its own summary after every other reporter, whatever their order.
    process.once('exit', () => fs.writeSync(1, `\n${line}\n`));
  }
};
