/** `chunkSize: 'auto'` bounds the memory. Sizes are MB. */

import * as path from 'node:path';
import { runProgram } from '../support/child';

jest.setTimeout(300_000);

/** Chunks follow the largest cache of a core: here one of 32 MiB, whatever the machine has. */
const CACHE = `
  const { native } = require(${JSON.stringify(path.join(__dirname, '..', '..', 'dist', 'native', 'index.js'))});
  const { available } = native.memoryLimits();
  native.memoryLimits = () => ({ available, cache: 32 * MB })`;

/** The peak memory above that before the call. */
const peakOf = (setup: string, call: string): Promise<number> =>
  runProgram<number>(`${CACHE}; ${setup}; const before = peak(); const result = ${call}; report(peak() - before);`);

// Sixteen products of 8×8 matrices for each of 50,000 samples, and their derivatives in eight directions.
const products = `
  const angles = torch.linspace(-1, 1, 400_000, { dtype: 'float64' }).view(50_000, 8);
  const w = torch.linspace(-1, 1, 64, { dtype: 'float64' }).view(8, 8);
  const f = (q) => {
    let product = q.outer(q);
    for (let i = 0; i < 16; i++) product = product.matmul(w).sin();
    return product.sum(0);
  };`;

test.each(['jacfwd', 'jacrev'])('of vmap(%s(f))', async (transform) => {
  const call = (chunkSize: string) => `torch.vmap(torch.func.${transform}(f), { chunkSize: ${chunkSize} })(angles)`;
  // The result takes 26 MB. Each product takes 26 MB too, and its derivatives 205.
  const whole = await peakOf(products, call('null'));
  expect(whole).toBeGreaterThan(500);
  // A chunk takes 90, and the collector may find what the chunks before it dropped later.
  expect(await peakOf(products, call("'auto'"))).toBeLessThan(Math.min(600, whole - 100));
});

// The rows of a Jacobian of 4096×64, through layers of 4096 numbers.
const rows = `
  const x = torch.linspace(-1, 1, 64);
  const w = torch.linspace(-1, 1, 4096 * 64).view(4096, 64);
  const g = (t) => {
    let y = w.mv(t);
    for (let i = 0; i < 12; i++) y = y.sin().mul(1.01);
    return y;
  };`;

test.each(['jacrev', 'jacfwd'])('of %s of a wide function', async (transform) => {
  const call = (chunkSize: string) => `torch.func.${transform}(g, { chunkSize: ${chunkSize} })(x)`;
  const [whole, auto] = [await peakOf(rows, call('null')), await peakOf(rows, call("'auto'"))];
  // In reverse mode a cotangent of all rows takes 64 MB; in forward mode all columns of a layer take 1 MB.
  if (transform === 'jacrev') expect(whole).toBeGreaterThan(150);
  expect(auto).toBeLessThan(100);
});

test('a result that all samples share is not held twice', async () => {
  const setup = 'const x = torch.ones(1_000_000, 8)';
  const call = (chunkSize: string) => `torch.vmap((t) => t.outer(t), { chunkSize: ${chunkSize} })(x)`;
  // The result takes 244 MB; joining chunks at the end would take it twice.
  expect(await peakOf(setup, call('100_000'))).toBeLessThan(350);
  expect(await peakOf(setup, call("'auto'"))).toBeLessThan(520);
});
