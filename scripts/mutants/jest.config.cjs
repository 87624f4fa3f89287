/** The tests of all projects as one, with lib/ mutated. */

const { projects, testTimeout } = require('../../jest.config.cjs');

/** @type {import('jest').Config} */
const unit = Object(projects?.[0]);
const [[pattern, transform]] = Object.entries(unit.transform ?? {});

/** @type {import('jest').Config} */
module.exports = {
  ...unit,
  displayName: 'mutants',
  rootDir: '../..',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: [],
  transform: { [pattern]: ['<rootDir>/scripts/mutants/transform.cjs', Object(transform[1])] },
  reporters: [],
  testTimeout,
};
