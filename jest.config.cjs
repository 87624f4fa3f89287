/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test', '<rootDir>/lib'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  moduleNameMapper: { '^torch-func$': '<rootDir>/lib/index.ts' },
  // A published package or a fetched libtorch below the folder must not be taken for sources.
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
  reporters: ['default', '<rootDir>/test/setup/reporter.cjs'],
  // The machine that CI runs on has two processors, and libtorch takes some memory in each worker.
  maxWorkers: 2,
  testTimeout: 60_000,
};
