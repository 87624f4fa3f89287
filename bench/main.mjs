#!/usr/bin/env node
// `npm run bench`: time compared with Python's PyTorch, memory, and import time.

import fs from 'node:fs';
import path from 'node:path';
import { asynchronous, memory, peaks, ratios, startup } from './measurements.mjs';
import { memoryMeasurements } from './memory.mjs';
import { parse, usage } from './options.mjs';
import { measurePeaks } from './peaks.mjs';
import { comparePeers } from './peers/main.mjs';
import { packageRoot, runProgram } from './processes.mjs';
import { measureStartup } from './startup.mjs';
import { heading, verdict, writeRow } from './table.mjs';
import { measureRatio, startNode, startPython } from './timing.mjs';

/** @typedef {import('./table.mjs').Row} Row */

/** The Python that the setup created or found. */
function findPython() {
  const record = path.join(packageRoot, 'build', 'python.json');
  const found = fs.existsSync(record) ? JSON.parse(fs.readFileSync(record, 'utf8')) : {};
  if (found.path) return found.path;
  throw new Error(`no Python with PyTorch: ${found.problem ?? 'run node scripts/setup.mjs --python'}`);
}

function readOptions() {
  try {
    return parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${/** @type {Error} */ (error).message}\n\n${usage}`);
    process.exit(2);
  }
}

const { names, comparison, ...options } = readOptions();
const all =
  comparison?.rows ?? (options.async ? asynchronous : options.memory ? peaks : [...ratios, ...memory, ...startup]);
if (options.help || options.list) {
  process.stdout.write(options.help ? usage : `${all.map(({ name }) => name).join('\n')}\n`);
  process.exit(0);
}
if (comparison) process.exit((await comparePeers({ ...comparison, quick: options.quick, json: options.json })) ? 0 : 1);
const unknown = names.find((name) => !all.some((measurement) => measurement.name === name));
if (unknown !== undefined) {
  process.stderr.write(`unknown measurement '${unknown}'; --list shows the names\n`);
  process.exit(2);
}
const wanted = (/** @type {{ name: string }} */ { name }) => names.length === 0 || names.includes(name);
const scale = options.quick ? 10 : 1;
// --quick runs fewer rounds, not shorter ones: a round must be long enough to include garbage collection.
const ROUNDS = 21;
/** @type {(Row & { pass: boolean | null })[]} */
const rows = [];

/** @param {Row} row */
function record(row) {
  rows.push({ ...row, pass: verdict(row) });
  writeRow(row);
}

/** @param {typeof ratios} list */
async function runRatios(list) {
  if (list.length === 0) return;
  const node = startNode();
  const python = startPython(findPython());
  heading("time, of Python's PyTorch");
  try {
    for (const { name, title, calls, limit } of list) {
      const figures = await measureRatio(
        { name, calls: calls / ROUNDS, rounds: options.quick ? 5 : ROUNDS },
        node,
        python,
      );
      const { ratio, cpuRatio, lowest, highest } = figures;
      const note =
        `${figures.node.toFixed(2)} us here, ${figures.python.toFixed(2)} us in Python; ` +
        `ratios from ${lowest.toFixed(2)} to ${highest.toFixed(2)}, of processor time ${cpuRatio.toFixed(2)}`;
      record({ name, title, limit, unit: '', measured: ratio, note, ...figures });
    }
  } finally {
    node.stop();
    python.stop();
  }
}

/** @param {typeof memory} list */
function runMemory(list) {
  if (list.length === 0) return;
  heading(options.quick ? 'memory (a tenth of the work)' : 'memory');
  for (const entry of list) record({ ...entry, measured: memoryMeasurements[entry.name](scale) });
}

/** @param {typeof startup} list */
function runStartup(list) {
  if (list.length === 0) return;
  const times = measureStartup(options.quick ? 3 : 11);
  heading('import');
  for (const entry of list) record({ ...entry, measured: times[entry.name] });
}

/** @param {typeof asynchronous} list */
function runAsynchronous(list) {
  heading('asynchronous calls on two threads');
  const { output } = runProgram('async.mjs', '--seconds', options.quick ? '6' : '60');
  const { p99, max, alone, each, cost, withheld } = JSON.parse(output);
  const measured = { p99, max, throughput: each / alone, cost };
  for (const entry of list) record({ ...entry, measured: measured[entry.name] });
  process.stdout.write(`  ${alone.toFixed(1)} ms alone on one thread, ${each.toFixed(1)} ms each of eight at once\n`);
  if (withheld > 0) process.stdout.write(`  a hypervisor withheld the processors for ${withheld} ms of the minute\n`);
}

/** @param {typeof peaks} list */
function runPeaks(list) {
  heading("peak memory above the import, of Python's PyTorch");
  for (const { name, title, calls, python } of list) {
    const figures = measurePeaks(findPython(), { name, calls: Math.ceil(calls / scale), python });
    const { here, there, limit } = figures;
    const note =
      `${here.above.toFixed(0)} MB here, ${there.above.toFixed(0)} MB in Python; ` +
      `with the import ${here.absolute.toFixed(0)} and ${there.absolute.toFixed(0)}`;
    record({ ...figures, name, title, limit, unit: 'MB', measured: here.above, note });
  }
}

if (options.async) {
  runAsynchronous(asynchronous.filter(wanted));
} else if (options.memory) {
  runPeaks(peaks.filter(wanted));
} else {
  await runRatios(ratios.filter(wanted));
  runMemory(memory.filter(wanted));
  runStartup(startup.filter(wanted));
}

const missed = rows.filter(({ pass }) => pass === false);
if (options.json !== undefined) {
  const host = { node: process.version, platform: process.platform, arch: process.arch };
  fs.writeFileSync(options.json, `${JSON.stringify({ host, quick: options.quick, rows }, null, 2)}\n`);
}
process.stdout.write(
  missed.length === 0 ? '\nwithin all limits\n' : `\nlimits exceeded: ${missed.map(({ title }) => title).join('; ')}\n`,
);
process.exitCode = missed.length === 0 ? 0 : 1;
