// docs/benchmarks.md and the table in README.md, from a full run.

import { failures, tables } from './tables.mjs';

/** @typedef {import('./measure.mjs').Measured} Measured */
/** @typedef {import('./peers.mjs').Peer} Peer */
/** @typedef {import('./worker.mjs').Description} Description */

/**
 * @typedef {object} Comparison
 * @property {Record<string, string>} machine
 * @property {{ rounds: number, seconds: number, timeout: number }} method
 * @property {Record<string, Description>} peers by name
 * @property {Record<string, string>} absent why a peer was left out
 * @property {Measured[]} rows
 */

const BEGIN = '<!-- Written by npm run bench -- --peers, with --write -->';
const END = '<!-- End of the table -->';

/** @param {string[]} items */
const list = (items) => items.map((item) => `- ${item}`).join('\n');

/** @param {Peer} peer @param {Description} description */
const describe = ({ title }, { versions, threads }) => {
  const parts = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${title}: ${[...parts, ...(threads === null ? [] : [`${threads} threads`])].join(', ')}`;
};

/** @param {Comparison} comparison @param {Peer[]} peers */
export function page({ machine, method, peers: descriptions, absent, rows }, peers) {
  const { least, median, first, peak } = tables(rows, peers);
  const present = peers.filter(({ name }) => descriptions[name]);
  const missing = peers.filter(({ name }) => absent[name]).map(({ name, title }) => `${title}: ${absent[name]}`);
  const failed = failures(rows, peers);
  const section = (/** @type {string} */ title, /** @type {string[]} */ items) =>
    items.length > 0 ? `## ${title}\n\n${list(items)}\n\n` : '';
  return `# Benchmarks

Written by \`npm run bench -- --peers ${peers
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('ours') && name !== 'casadi-c')
    .join(',')} --write\`. [How it measures](../bench/README.md#comparison-with-peers).

![Time of a call by row and peer, logarithmic scale](benchmarks.svg)

## Machine and versions

${list(Object.entries(machine).map(([name, value]) => `${name}: ${value}`))}
${list(present.map((peer) => describe(peer, descriptions[peer.name])))}

## Time

Microseconds per call: the least mean of ${method.rounds} rounds of at least ${method.seconds} s. The ratios are of these times;
below 1, this package is faster.

${least}

## Median time

Microseconds per call: the median of the same rounds.

${median}

## First call

Milliseconds of the first call in a fresh process, after another, small function has been compiled: tracing and compiling the
row, and one execution.

${first}

## Memory

Megabytes: the peak of resident memory from the inputs to the end of the last round, less what was resident before the inputs.
Compilers that run in processes of their own are not included.

${peak}

${section('Failures', failed)}${section('Left out', missing)}`.replace(/\n+$/, '\n');
}

/**
 * README.md with the table of this run. Rows of single operators are left out: nothing can be compiled in them.
 *
 * @param {string} readme
 * @param {Comparison} comparison
 * @param {Peer[]} peers
 */
export function withTable(readme, { rows }, peers) {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from === -1 || to < from) throw new Error(`README.md does not contain '${BEGIN}' and '${END}'`);
  const { least } = tables(
    rows.filter(({ row }) => !row.startsWith('op-')),
    peers,
  );
  return `${readme.slice(0, from)}${BEGIN}\n\n${least}\n\n${readme.slice(to)}`;
}
