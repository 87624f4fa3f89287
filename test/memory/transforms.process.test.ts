/**
 * That resident memory does not grow over many calls of a transform, exceptions included. This is a short
 * run of bench/leaks.mjs, which measures 100,000 calls of each.
 */

import { execFile } from 'node:child_process';
import * as path from 'node:path';
import { promisify } from 'node:util';

const PROGRAM = path.join(__dirname, '..', '..', 'bench', 'leaks.mjs');

interface Measured {
  name: string;
  grownMB: number;
  bytesPerCall: number;
  tensors: number;
}

// A tensor is about 400 bytes, a node of the graph 500, a level of the interpreter 600.
const BYTES_PER_CALL = 350;
// V8's own heap may take some megabytes at once.
const GROWN_MB = 15;

test('no transform leaves memory behind, whether its function returns or throws', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, '--json', '--calls', '12000']);
  const measured = JSON.parse(stdout) as Measured[];
  const names = measured.map(({ name }) => name);
  for (const name of ['grad', 'gradAndValue', 'vjp', 'jvp', 'vmap', 'jacrev', 'jacfwd', 'hessian', 'linearize']) {
    expect(names).toContain(name);
    expect(names).toContain(`failing: ${name}`);
  }
  expect(names).toEqual(expect.arrayContaining(['vjpFn', 'jvpFn', 'functionalize', 'functionalCall']));
  const leaking = measured.filter(
    ({ bytesPerCall, grownMB, tensors }) => bytesPerCall > BYTES_PER_CALL || grownMB > GROWN_MB || tensors > 50,
  );
  expect(leaking).toEqual([]);
}, 300_000);
