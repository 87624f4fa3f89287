/** The transform of the tests, preceded by the mutant that TORCH_FUNC_MUTANT names: a JSON file with its edits. */

const { readFileSync } = require('node:fs');
const path = require('node:path');
const swc = require('@swc/jest');

const root = path.join(__dirname, '..', '..');

/** @type {[file: string, find: string, replace: string][]} */
const edits = process.env.TORCH_FUNC_MUTANT ? JSON.parse(readFileSync(process.env.TORCH_FUNC_MUTANT, 'utf8')) : [];

/** @type {(source: string, file: string) => string} */
function mutate(source, file) {
  return edits
    .filter(([name]) => path.join(root, name) === file)
    .reduce((text, [, find, replace]) => text.replace(find, () => replace), source);
}

/** @type {(options: object) => import('@jest/transform').SyncTransformer} */
exports.createTransformer = (options) => {
  /** @type {Required<import('@jest/transform').SyncTransformer>} */
  const inner = Object(swc.createTransformer(options));
  return {
    ...inner,
    process: (source, file, request) => inner.process(mutate(source, file), file, request),
    // The key depends on the mutated text, so the cache serves all mutants.
    getCacheKey: (source, file, request) => inner.getCacheKey(mutate(source, file), file, request),
  };
};
