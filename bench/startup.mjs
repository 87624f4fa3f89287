// Import time, with and without loading libtorch's libraries; the files are in the page cache.

import fs from 'node:fs';
import path from 'node:path';
import { packageRoot, runProgram } from './processes.mjs';
import { median } from './statistics.mjs';

/** Medians in seconds. @param {number} rounds */
export function measureStartup(rounds) {
  const built = JSON.parse(fs.readFileSync(path.join(packageRoot, 'build', 'native.json'), 'utf8'));
  const libraries = path.join(built.setting.libtorch, 'lib');
  const times = [];
  for (let i = 0; i <= rounds; i++) times.push(JSON.parse(runProgram('import-time.mjs', libraries).output));
  const warm = times.slice(1);
  return {
    package: median(warm.map((time) => time.package)),
    libtorch: median(warm.map((time) => time.libtorch)),
    total: median(warm.map((time) => time.package + time.libtorch)),
  };
}
