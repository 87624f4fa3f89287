/** That a collection at the moment an error is on its way to JavaScript does no harm. */

import { execFileSync } from 'node:child_process';
import * as path from 'node:path';

const PACKAGE = JSON.stringify(path.join(__dirname, '..', '..', 'dist', 'index.js'));

const PROGRAM = `
  const torch = require(${PACKAGE});
  const x = torch.ones(2, 3);
  let caught = 0;
  for (let i = 0; i < 20000; i++) {
    torch.relu(x); // garbage for the collection
    try { x.sum(7); } catch (error) { if (error instanceof torch.IndexError) caught++; }
    try { torch.func.grad((y) => torch.relu(y))(x); } catch (error) { if (error instanceof torch.RuntimeError) caught++; }
  }
  process.stdout.write(String(caught));`;

// Collections in steps of so many allocations come at every point of a call sooner or later.
test.each([29, 97])(
  'with a collection every %i allocations',
  (interval) => {
    const output = execFileSync(process.execPath, [`--gc-interval=${interval}`, '-e', PROGRAM], { timeout: 120_000 });
    expect(String(output)).toBe('40000');
  },
  130_000,
);
