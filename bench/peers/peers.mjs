// The peers: this package, and what it is compared with.

/** @typedef {{ name: string, title: string, module?: 'torch' | 'jax' | 'casadi', color: [light: string, dark: string] }} Peer */

/** In the order of the tables. @type {Peer[]} */
export const peers = [
  { name: 'ours', title: 'torch-func', color: ['#8db9e8', '#5b8fc7'] },
  { name: 'ours-compiled', title: 'torch-func, compiled', color: ['#0b57a4', '#9cccff'] },
  { name: 'torch', title: 'torch.func', module: 'torch', color: ['#f2b27a', '#b5703a'] },
  { name: 'torch-compile', title: 'torch.compile', module: 'torch', color: ['#c4501b', '#ff9f66'] },
  { name: 'jax', title: 'JAX jit', module: 'jax', color: ['#2f8f5b', '#5fca8e'] },
  { name: 'casadi', title: 'CasADi', module: 'casadi', color: ['#b79ad6', '#8a6bb0'] },
  { name: 'casadi-c', title: 'CasADi, C', module: 'casadi', color: ['#6b3fa0', '#cdb0f0'] },
];

/** The package itself is always there. */
const own = peers.filter(({ module }) => module === undefined).map(({ name }) => name);
/** What `--peers` may name; `casadi` stands for both ways to run it. */
export const choices = peers.map(({ name }) => name).filter((name) => !own.includes(name) && name !== 'casadi-c');

/**
 * The peers that `--peers` names, and the package itself.
 *
 * @param {string} list separated by commas
 * @returns {Peer[]}
 */
export function selectPeers(list) {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !choices.includes(name));
  if (unknown !== undefined) throw new Error(`unknown peer '${unknown}'; the peers are ${choices.join(', ')}`);
  return peers.filter(({ name }) => own.includes(name) || names.includes(name === 'casadi-c' ? 'casadi' : name));
}

/**
 * The rows whose name or title matches.
 *
 * @template {{ name: string, title: string }} Row
 * @param {Row[]} rows
 * @param {string} [pattern]
 * @returns {Row[]}
 */
export function selectRows(rows, pattern = '') {
  const expression = new RegExp(pattern);
  const selected = rows.filter(({ name, title }) => expression.test(name) || expression.test(title));
  if (selected.length === 0) throw new Error(`no row matches ${expression}; --list shows the rows`);
  return selected;
}
