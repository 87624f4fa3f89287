/** @type {import('jest').Config} */
const shared = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test', '<rootDir>/lib'],
  moduleNameMapper: { '^torch-func$': '<rootDir>/lib/index.ts' },
  // A published package or a downloaded libtorch below the folder must not count as sources.
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
  transform: {
    '\\.(ts|mjs)$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        jsc: {
          parser: { syntax: 'typescript', explicitResourceManagement: true },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
      },
    ],
  },
};

// The path of a test file decides its project; test/README.md says what each is for.
/** @type {import('jest').Config} */
module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/parity/', '(parity|process)\\.test\\.ts$'],
    },
    {
      ...shared,
      displayName: 'parity',
      testMatch: ['<rootDir>/test/parity/**/*.test.ts', '<rootDir>/test/**/*parity.test.ts'],
    },
    { ...shared, displayName: 'process', testMatch: ['<rootDir>/test/**/*process.test.ts'] },
  ],
  reporters: ['default', '<rootDir>/test/support/reporter.cjs'],
  // The machine that CI runs on has two processors, and libtorch takes some memory in each worker.
  maxWorkers: 2,
  testTimeout: 60_000,
};
