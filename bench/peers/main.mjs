// `npm run bench -- --peers LIST`: this package and its peers, row by row.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readEnvironment } from '../../scripts/setup/environment.mjs';
import { preparePeer } from '../../scripts/setup/peers.mjs';
import { preparePython } from '../../scripts/setup/python-environment.mjs';
import { Report } from '../../scripts/setup/report.mjs';
import { packageRoot } from '../processes.mjs';
import { chart } from './chart.mjs';
import { measureRow } from './measure.mjs';
import { page, withTable } from './page.mjs';
import { failures, format, tables } from './tables.mjs';
import { startWorker, Unavailable } from './worker.mjs';

/** @typedef {import('./measure.mjs').Measured} Measured */
/** @typedef {import('./peers.mjs').Peer} Peer */
/** @typedef {import('./rows.mjs').Row} Row */
/** @typedef {import('./worker.mjs').Description} Description */
/** @typedef {import('./worker.mjs').Worker} Worker */
/** @typedef {import('./page.mjs').Comparison & { load: number }} Comparison */

const folder = import.meta.dirname;
/** The first peer that has a row is the reference for its results: Python's PyTorch, if it is there. */
const references = ['torch', 'jax', 'ours', 'ours-compiled', 'torch-compile', 'casadi', 'casadi-c'];
/** Importing PyTorch from a cold disk takes some seconds. */
const START_LIMIT = 120;

/**
 * The command that starts a peer's worker.
 *
 * @param {string} name
 * @param {Peer['module']} module
 * @param {Place} place
 * @returns {Promise<string[]>}
 */
async function commandOf(name, module, { device, python: given }) {
  if (module === undefined) return [process.execPath, path.join(folder, 'our-worker.mjs'), name, device];
  const worker = [path.join(folder, 'peer_worker.py'), name, device];
  if (given !== undefined) return [given, ...worker];
  const report = new Report();
  const environment = readEnvironment();
  const quiet = new Report({ quiet: true });
  const python = await (module === 'torch'
    ? preparePython(quiet, environment)
    : preparePeer(report, environment, module));
  if (python.path === null) throw new Unavailable(python.problem ?? 'no Python');
  return [python.path, ...worker];
}

/** @typedef {{ device: 'cpu' | 'cuda', python?: string }} Place the device, and the Python for all peers */

/** Loads the package for the name of a GPU only. @param {Place['device']} device */
const machine = async (device) => ({
  processor: `${os.cpus()[0]?.model ?? 'unknown'}, ${os.availableParallelism()} available to the process`,
  memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
  system: `${os.type()} ${os.release()}, ${process.arch}`,
  ...(device === 'cuda' ? { device: (await import('../../dist/index.mjs')).cuda.getDeviceName() } : {}),
});

/** @param {Measured} row @param {Peer[]} peers */
function printRow({ title, figures, failures: reasons }, peers) {
  process.stdout.write(`\n${title}\n`);
  for (const { name, title: peer } of peers) {
    if (reasons[name]) process.stdout.write(`  ${peer.padEnd(22)}${reasons[name].reason}\n`);
    if (!figures[name]) continue;
    const { least, median, first, peak } = figures[name];
    const memory = peak === null ? '' : `, ${format(peak / 1e6)} MB`;
    const times = `${format(least * 1e6)} us, median ${format(median * 1e6)}, first call ${format(first * 1e3)} ms`;
    process.stdout.write(`  ${peer.padEnd(22)}${times}${memory}\n`);
  }
}

/** Starts each peer once, to see whether it runs. @param {Peer[]} peers @param {Place} place @param {NodeJS.ProcessEnv} env */
async function findPeers(peers, place, env) {
  /** @type {Record<string, { start: (seconds: number) => Promise<Worker>, description: Description }>} */
  const found = {};
  /** @type {Record<string, string>} */
  const absent = {};
  for (const { name, title, module } of peers) {
    try {
      const [command, ...args] = await commandOf(name, module, place);
      const start = (/** @type {number} */ seconds) => startWorker(command, args, { env, seconds });
      const worker = await start(START_LIMIT);
      worker.stop();
      found[name] = { start, description: worker.description };
    } catch (error) {
      absent[name] = /** @type {Error} */ (error).message;
      process.stdout.write(`left out: ${title}: ${absent[name]}\n`);
    }
  }
  return { found, absent };
}

/** Whether a failure is one of this package, or a wrong result of anyone. @param {Measured} row */
const isFaulty = ({ failures: reasons }) =>
  Object.entries(reasons).some(([name, { kind }]) => kind === 'wrong' || name.startsWith('ours'));

/**
 * @param {object} options
 * @param {Peer[]} options.peers
 * @param {Row[]} options.rows
 * @param {Place['device']} options.device
 * @param {string} [options.python]
 * @param {number} options.timeout
 * @param {boolean} options.quick
 * @param {boolean} options.write
 * @param {string} [options.json]
 * @returns {Promise<boolean>} whether this package computed every row, and no result was wrong
 */
export async function comparePeers({ peers, rows, device, python, timeout, quick, write, json }) {
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), 'torch-func-peers-'));
  process.on('exit', () => fs.rmSync(temporary, { recursive: true, force: true }));
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => process.exit(130));
  const [load] = os.loadavg();
  if (load > 0.5) process.stdout.write(`other programs are running: the load is ${load.toFixed(1)}\n`);
  // torch.compile would find on disk what an earlier run has compiled.
  const env = {
    ...process.env,
    TORCHINDUCTOR_CACHE_DIR: path.join(temporary, 'inductor'),
    // JAX would take a GPU that it finds, and three quarters of its memory.
    JAX_PLATFORMS: device,
    XLA_PYTHON_CLIENT_PREALLOCATE: 'false',
    // On a GPU, its default is TF32, and PyTorch's is float32.
    JAX_DEFAULT_MATMUL_PRECISION: 'highest',
  };
  const { found, absent } = await findPeers(peers, { device, python }, env);

  const method = quick ? { rounds: 3, seconds: 0.03, timeout } : { rounds: 9, seconds: 0.15, timeout };
  /** @type {Comparison} */
  const comparison = {
    machine: await machine(device),
    load,
    method,
    peers: Object.fromEntries(Object.entries(found).map(([name, { description }]) => [name, description])),
    absent,
    rows: [],
  };
  for (const row of rows) {
    const able = references.filter((name) => found[name]?.description.rows.includes(row.name));
    const start = (/** @type {string} */ name, /** @type {number} */ seconds) => found[name].start(seconds);
    const measured = await measureRow(row, able, { ...method, start, folder: path.join(temporary, 'results') });
    comparison.rows.push(measured);
    printRow(measured, peers);
    // After each row, so that a run that is interrupted leaves what it has measured.
    if (json !== undefined) fs.writeFileSync(json, `${JSON.stringify(comparison, null, 2)}\n`);
  }

  const { least } = tables(comparison.rows, peers);
  process.stdout.write(`\nLeast time of a call, in microseconds\n\n${least}\n`);
  const failed = failures(comparison.rows, peers);
  if (failed.length > 0) process.stdout.write(`\nfailed:\n${failed.map((line) => `  ${line}\n`).join('')}`);
  if (write) {
    fs.writeFileSync(path.join(packageRoot, 'docs', 'benchmarks.md'), page(comparison, peers));
    fs.writeFileSync(path.join(packageRoot, 'docs', 'benchmarks.svg'), chart(comparison.rows, peers));
    const readme = path.join(packageRoot, 'README.md');
    fs.writeFileSync(readme, withTable(fs.readFileSync(readme, 'utf8'), comparison, peers));
  }
  return !comparison.rows.some(isFaulty);
}
