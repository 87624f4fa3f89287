// The options of `npm run bench`.

import { parseArgs } from 'node:util';
import { choices, selectPeers, selectRows } from './peers/peers.mjs';
import { rows } from './peers/rows.mjs';

export const usage = `Usage: npm run bench -- [options] [NAME...]
       npm run bench -- --peers LIST [options]

Measures time (as a ratio to Python's PyTorch, in the same run), memory and import
time, and compares them with the project's limits.
With --async: calls off the event loop: its delay, their throughput and cost.
With --memory: the peak memory of every call, compared with Python's.
With --peers: time, first call and peak memory of this package and of other packages.

  NAME...       only these measurements
  --quick       a fraction of the work, for a first impression
  --memory      the peak memory of every call instead
  --async       asynchronous calls instead
  --peers LIST  a comparison instead; of ${choices.join(', ')}
  --rows REGEX  with --peers: only the rows whose name or title matches
  --device D    with --peers: cpu (the default) or cuda
  --python FILE with --peers: the Python that has the peers, in place of those of
                the setup
  --timeout S   with --peers: the time limit of a row for each peer, in seconds (300)
  --write       with --peers: write docs/benchmarks.md and docs/benchmarks.svg
  --json FILE   also write the results to FILE
  --list        list the measurements, or with --peers the rows
  --help        this text

The exit code is 1 if a limit is exceeded, or if in a comparison this package fails
or any result is wrong.
`;

/** @param {string[]} args */
export function parse(args) {
  const { values, positionals: names } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      memory: { type: 'boolean', default: false },
      async: { type: 'boolean', default: false },
      peers: { type: 'string' },
      rows: { type: 'string' },
      device: { type: 'string' },
      python: { type: 'string' },
      timeout: { type: 'string' },
      write: { type: 'boolean', default: false },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { peers, rows: pattern, device = 'cpu', python, timeout = '300', write, ...others } = values;
  if (peers === undefined) {
    const option = /** @type {const} */ (['rows', 'device', 'python', 'timeout', 'write']).find((name) => values[name]);
    if (option !== undefined) throw new Error(`--${option} needs --peers`);
    return { ...others, names, comparison: null };
  }
  if (names.length > 0) throw new Error(`with --peers, --rows selects the rows: '${names[0]}' is not expected`);
  if (values.async) throw new Error('--peers compares synchronous calls: --async is not expected');
  if (values.memory) throw new Error('--peers measures the memory too: --memory is not expected');
  if (device !== 'cpu' && device !== 'cuda') throw new Error(`--device must be cpu or cuda, not '${device}'`);
  if (write && (pattern !== undefined || values.quick || device !== 'cpu'))
    throw new Error('--write needs a full run on the CPU, without --rows, --quick and --device');
  const seconds = Number(timeout);
  if (!(seconds > 0)) throw new Error(`--timeout must be a number of seconds above 0, not '${timeout}'`);
  const comparison = {
    peers: selectPeers(peers),
    rows: selectRows(rows, pattern),
    device: /** @type {'cpu' | 'cuda'} */ (device),
    python,
    timeout: seconds,
    write,
  };
  return { ...others, names, comparison };
}
