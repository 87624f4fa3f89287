// Runs modules one after the other and prints the error of each, or null, as JSON. The examples of the documentation run here,
// in a process of their own, against the compiled package.

import { inspect, isDeepStrictEqual } from 'node:util';

const plain = (/** @type {string} */ text) => text.replace(/\s+/g, ' ').trim();

/** @param {unknown} value @param {unknown} expected @returns {boolean} */
function isClose(value, expected) {
  if (typeof value === 'number' && typeof expected === 'number') {
    return Object.is(value, expected) || Math.abs(value - expected) <= 1e-4 * Math.max(1, Math.abs(expected));
  }
  if (Array.isArray(value) && Array.isArray(expected)) {
    return value.length === expected.length && value.every((item, i) => isClose(item, expected[i]));
  }
  return isDeepStrictEqual(value, expected);
}

globalThis.checkClaim = (/** @type {any} */ value, /** @type {string} */ text) => {
  const isTensor = typeof value?.toArray === 'function';
  const holds = text.startsWith('tensor(')
    ? plain(inspect(value)) === plain(text)
    : isClose(isTensor ? value.toArray() : value, new Function(`return ${text}`)());
  if (!holds) throw new Error(`the example says ${text}, but it is ${inspect(value)}`);
};

// Standard output carries only the result of this program.
console.log = () => undefined;

const failures = [];
for (const file of process.argv.slice(2)) {
  try {
    await import(file);
    failures.push(null);
  } catch (error) {
    failures.push(String(/** @type {any} */ (error)?.stack ?? error));
  }
}
process.stdout.write(JSON.stringify(failures));
