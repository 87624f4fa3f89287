// Ends the run with one plain line that CI reads: `N passed, N failed`.

const fs = require('node:fs');

module.exports = class ClosingLine {
  /** @param {unknown} _contexts @param {import('@jest/reporters').AggregatedResult} results */
  onRunComplete(_contexts, results) {
    const skipped = results.numPendingTests + results.numTodoTests;
    // A test file that does not even load has no tests in it to be counted as failed.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // Jest puts its own summary after every other reporter, whatever the order in its configuration.
    process.once('exit', () => fs.writeSync(1, `\n${line}\n`));
  }
};
