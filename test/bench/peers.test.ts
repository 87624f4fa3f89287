/** The comparison with peers (`npm run bench -- --peers`): everything but the processes. */

import fs from 'node:fs';
import path from 'node:path';
import { parse } from '../../bench/options.mjs';
import { chart, duration } from '../../bench/peers/chart.mjs';
import { differenceOf } from '../../bench/peers/compare.mjs';
import { values } from '../../bench/peers/inputs.mjs';
import { type Measured, measureRow } from '../../bench/peers/measure.mjs';
import { eagerRows, transformRows } from '../../bench/peers/our-rows.mjs';
import { page, withTable } from '../../bench/peers/page.mjs';
import { peers, selectPeers, selectRows } from '../../bench/peers/peers.mjs';
import { rows } from '../../bench/peers/rows.mjs';
import { failures, format, markdown, tables } from '../../bench/peers/tables.mjs';
import { TooSlow } from '../../bench/peers/worker.mjs';
import * as torch from '../../lib';
import { temporaryFolder, writeFiles } from '../support/setup/folder';

const names = (list: { name: string }[]) => list.map(({ name }) => name);

describe('the options of the comparison', () => {
  test('select peers, rows and the time limit', () => {
    const { comparison, quick } = parse(['--peers', 'jax,torch', '--rows', '^jac', '--timeout', '20', '--quick']);
    expect(names(comparison!.peers)).toEqual(['ours', 'ours-compiled', 'torch', 'jax']);
    expect(names(comparison!.rows)).toEqual(['jacrev-16', 'jacfwd-16', 'jacfwd-2048', 'jacrev-2048']);
    expect([comparison!.timeout, comparison!.write, quick]).toEqual([20, false, true]);
  });

  test('name the device and the Python of the peers', () => {
    expect(parse(['--peers', 'jax']).comparison).toMatchObject({ device: 'cpu', python: undefined });
    const args = ['--peers', 'jax', '--device', 'cuda', '--python', '/usr/bin/python3'];
    expect(parse(args).comparison).toMatchObject({ device: 'cuda', python: '/usr/bin/python3' });
  });

  test('without --peers are those of the limits', () => {
    expect(parse(['sin', '--memory'])).toMatchObject({ names: ['sin'], memory: true, comparison: null });
  });

  test.each([
    [['--rows', 'x'], /--rows needs --peers/],
    [['--write'], /--write needs --peers/],
    [['--timeout', '3'], /--timeout needs --peers/],
    [['--device', 'cuda'], /--device needs --peers/],
    [['--peers', 'jax', '--device', 'tpu'], /--device must be cpu or cuda, not 'tpu'/],
    [['--peers', 'jax', '--device', 'cuda', '--write'], /--write needs a full run on the CPU/],
    [['--peers', 'numpy'], /unknown peer 'numpy'; the peers are torch, torch-compile, jax, casadi/],
    [['--peers', 'jax', '--rows', 'none'], /no row matches \/none\//],
    [['--peers', 'jax', '--timeout', 'long'], /--timeout must be .* not 'long'/],
    [['--peers', 'jax', '--write', '--rows', 'grad'], /--write needs a full run/],
    [['--peers', 'jax', '--write', '--quick'], /--write needs a full run/],
    [['--peers', 'jax', 'sin'], /'sin' is not expected/],
    [['--peers', 'jax', '--memory'], /--memory is not expected/],
  ])('%j is an error', (args, message) => {
    expect(() => parse(args)).toThrow(message);
  });

  test('casadi stands for its virtual machine and for C', () => {
    expect(names(selectPeers('casadi'))).toEqual(['ours', 'ours-compiled', 'casadi', 'casadi-c']);
  });

  test('a row is selected by its name or its title', () => {
    expect(names(selectRows(rows, 'RK4'))).toEqual(['rk4-jacfwd', 'rk4-jacrev']);
    expect(selectRows(rows)).toEqual(rows);
  });
});

describe('the rows', () => {
  test('exist here under the names of the list, and all but single operators can be compiled', () => {
    const all = names(rows);
    expect(new Set(all).size).toBe(all.length);
    expect(Object.keys(eagerRows(torch as any)).sort()).toEqual([...all].sort());
    const wrapped: string[] = [];
    const wrap = (f: any) => {
      wrapped.push('once');
      return f;
    };
    const transforms = transformRows(torch as any, wrap);
    const expected = all.filter((name) => !name.startsWith('op-'));
    expect(Object.keys(transforms).sort()).toEqual([...expected].sort());
    const small = expected.filter((name) => !/1e[56]|mlp|ur5|rk4|2048/.test(name));
    for (const name of small) transforms[name]();
    expect(wrapped).toHaveLength(small.length);
  });

  test('have inputs between -2 and 2 from the hash that Python computes with wrapping 32-bit integers', () => {
    const mask = 2n ** 32n - 1n;
    const expected = (seed: bigint, i: bigint) => {
      let h = (((i + 1n) * 0x9e3779b1n) & mask) ^ ((seed * 0x85ebca6bn) & mask);
      h = ((h ^ (h >> 16n)) * 0x7feb352dn) & mask;
      h = ((h ^ (h >> 15n)) * 0x846ca68bn) & mask;
      return Number(h ^ (h >> 16n)) / 2 ** 30 - 2;
    };
    for (const seed of [0, 1, 52]) {
      const wanted = Array.from({ length: 100 }, (_, i) => expected(BigInt(seed), BigInt(i)));
      expect([...values(seed, 100)]).toEqual(wanted);
    }
    const many = values(8, 10_000);
    expect(many.every((x) => x >= -2 && x < 2)).toBe(true);
    expect(Math.abs(many.reduce((a, b) => a + b) / many.length)).toBeLessThan(0.05);
  });
});

describe('results of two peers', () => {
  const leaf = (list: number[], { dtype = 'float32', shape = [list.length] } = {}) => {
    const file = path.join(temporaryFolder(), 'leaf.bin');
    const array = dtype === 'float32' ? Float32Array.from(list) : Float64Array.from(list);
    writeFiles(path.dirname(file), { 'leaf.bin': Buffer.from(array.buffer) });
    return { file, dtype, shape };
  };

  test('agree within a tolerance relative to the largest element', () => {
    expect(differenceOf([leaf([1000, 0.01])], [leaf([1000, 0])])).toBeNull();
    expect(differenceOf([leaf([1000, 0.1])], [leaf([1000, 0])])).toMatch(/^element 1 of result 0 is 0\.1/);
    const exact = { dtype: 'float64' };
    expect(differenceOf([leaf([1, 1e-9], exact)], [leaf([1, 0], exact)])).toMatch(/^element 1/);
    expect(differenceOf([leaf([1, 1e-9])], [leaf([1, 0], exact)])).toBeNull();
    expect(differenceOf([leaf([1, 1e-9], exact)], [leaf([1, 0])])).toBeNull();
  });

  test('differ if one is NaN, or in shape or number', () => {
    expect(differenceOf([leaf([1, NaN])], [leaf([1, 2])])).toMatch(/^element 1 of result 0 is NaN instead of 2/);
    expect(differenceOf([leaf([1, 2])], [leaf([1, 2], { shape: [2, 1] })])).toBe('[2] instead of [2, 1]');
    expect(differenceOf([], [leaf([1])])).toMatch(/instead of/);
  });
});

describe('a measured row', () => {
  type Behaviour = { time?: number; value?: number; fail?: string; slow?: string };
  const log: string[] = [];
  const measure = (behaviours: Record<string, Behaviour>) => {
    log.length = 0;
    const folder = temporaryFolder();
    const start = async (peer: string) => {
      const { time = 1, value = 1, fail, slow } = behaviours[peer];
      const ask = async ({ do: name, ...request }: any) => {
        log.push(`${peer} ${name}`);
        if (name === fail) throw new Error('broken');
        if (name === slow) throw new TooSlow();
        if (name === 'open') return { first: 7 };
        if (name === 'run') return { calls: 10, seconds: 10 * time };
        if (name === 'peak') return { peak: 5e6 };
        writeFiles(request.folder, { '0.bin': Buffer.from(Float32Array.of(value).buffer) });
        return { leaves: [{ file: path.join(request.folder, '0.bin'), dtype: 'float32', shape: [] }] };
      };
      return { ask, stop: () => log.push(`${peer} stop`) };
    };
    const options = { start, rounds: 3, seconds: 1, timeout: 9, folder, pause: 0 };
    return measureRow(rows[0], Object.keys(behaviours), options);
  };

  test('has the figures of each peer, and the rounds are interleaved', async () => {
    const { figures, failures: failed } = await measure({ a: { time: 2 }, b: { time: 3 } });
    expect(figures).toEqual({
      a: { first: 7, least: 2, median: 2, peak: 5e6, rounds: [2, 2, 2] },
      b: { first: 7, least: 3, median: 3, peak: 5e6, rounds: [3, 3, 3] },
    });
    expect(failed).toEqual({});
    const runs = log.slice(4).filter((line) => line.endsWith('run'));
    expect(runs).toEqual(['a run', 'b run', 'b run', 'a run', 'a run', 'b run']);
    expect(log.filter((line) => line.endsWith('stop'))).toHaveLength(2);
  });

  test('names the peers that fail, are too slow or have another result, and measures the others', async () => {
    const { figures, failures: failed } = await measure({
      a: {},
      b: { fail: 'open' },
      c: { slow: 'run' },
      d: { value: 2 },
      e: {},
    });
    expect(Object.keys(figures)).toEqual(['a', 'e']);
    expect(failed).toEqual({
      b: { kind: 'error', reason: 'broken' },
      c: { kind: 'slow', reason: 'over 9 s' },
      d: { kind: 'wrong', reason: 'not the result of a: element 0 of result 0 is 2 instead of 1' },
    });
    expect(log).not.toContain('c save');
  });
});

const figuresOf = (least: number) => ({ first: 2 * least, least, median: 1.5 * least, peak: 4e6, rounds: [least] });
const measured: Measured[] = [
  {
    row: 'grad',
    title: 'grad <R>',
    figures: {
      ours: figuresOf(80e-6),
      'ours-compiled': figuresOf(0.5e-6),
      torch: figuresOf(160e-6),
      'torch-compile': figuresOf(48e-6),
      jax: figuresOf(8e-6),
    },
    failures: {},
  },
  {
    row: 'rk4-jacfwd',
    title: 'RK4',
    figures: { ours: figuresOf(29.6e-3), torch: figuresOf(0.117) },
    failures: {
      'torch-compile': { kind: 'error', reason: 'Unsupported: vmap' },
      jax: { kind: 'slow', reason: 'over 9 s' },
    },
  },
];

describe('the tables', () => {
  test('show figures of the peers that ran, failures, and ratios', () => {
    const cells = tables(measured, peers)
      .least.split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    expect(cells[0].slice(1, 6)).toEqual(['row', 'torch-func', 'torch-func, compiled', 'torch.func', 'torch.compile']);
    expect(cells[0]).not.toContain('CasADi');
    expect(cells[2].slice(1, -1)).toEqual(['grad <R>', '80.0', '0.50', '160', '48.0', '8.00', '0.50', '0.063']);
    expect(cells[3].slice(1, -1)).toEqual(['RK4', '29,600', '', '117,000', 'fails', 'over 9 s', '0.25', '']);
  });

  test('of medians, first calls and memory have their own units', () => {
    const { median, first, peak } = tables(measured, peers);
    expect(median).toContain('44,400');
    expect(first).toContain(' 59.2 ');
    expect(peak).toContain(' 4.00 ');
  });

  test('have no ratio to a peer that did not run', () => {
    const alone = [{ ...measured[0], figures: { ours: figuresOf(1) } }];
    expect(tables(alone, peers).least.split('\n')[0]).toMatch(/^\| row +\| torch-func \|$/);
  });

  test('align columns, also of characters outside ASCII', () => {
    const lines = markdown([
      ['row', 'x'],
      ['R¹⁶ → R', '1'],
      ['a', '10,000'],
    ]).split('\n');
    expect(new Set(lines.map((line) => [...line].length)).size).toBe(1);
    expect(lines[1]).toMatch(/^\| -+ \| -+: \|$/);
  });

  test.each([
    [0.0449, '0.04'],
    [9.996, '10.0'],
    [99.96, '100'],
    [36199.6, '36,200'],
  ])('%d is written as %s', (value, text) => expect(format(value)).toBe(text));

  test('come with the reasons of failures', () => {
    expect(failures(measured, peers)).toEqual(['torch.compile, RK4: Unsupported: vmap', 'JAX jit, RK4: over 9 s']);
  });
});

describe('the chart', () => {
  const svg = chart(measured, peers);
  const widths = (name: string) =>
    [...svg.matchAll(new RegExp(`<rect class="${name}" x="330" .*?width="([\\d.]+)"`, 'g'))].map(([, width]) =>
      Number(width),
    );

  test('has a bar for each figure, on a logarithmic scale', () => {
    const [small, large] = widths('ours');
    const [third] = widths('torch');
    expect(widths('torch-compile')).toHaveLength(1);
    expect(widths('casadi')).toHaveLength(0);
    // From 0.1 us to 1 s there are seven decades.
    const decade = (890 - 330) / 7;
    expect((large - small) / decade).toBeCloseTo(Math.log10(29.6e-3 / 80e-6), 1);
    expect((third - small) / decade).toBeCloseTo(Math.log10(2), 1);
  });

  test('has a legend, labelled decades and escaped titles', () => {
    expect(svg).toContain('>torch-func, compiled</text>');
    for (const label of ['100 ns', '1 µs', '10 ms', '1 s']) expect(svg).toContain(`>${label}</text>`);
    expect(svg).toContain('grad &#60;R&#62;');
    expect(svg).not.toContain('<R>');
  });

  test('is well-formed, and has colours for a light and a dark scheme', () => {
    const open: string[] = [];
    for (const [, closing, name, empty] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (closing) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name);
    }
    expect(open).toEqual([]);
    const [, light, dark] = svg.match(/<style>([^]*?)@media\(prefers-color-scheme:dark\)([^]*?)<\/style>/)!;
    for (const name of ['ours', 'jax', 'ground']) {
      const color = new RegExp(`\\.${name}\\{fill:(#\\w+)\\}`);
      expect(color.exec(light)![1]).not.toBe(color.exec(dark)![1]);
    }
  });

  test.each([
    [1e-7, '100 ns'],
    [4.5e-7, '450 ns'],
    [1e-6, '1 µs'],
    [0.99999e-3, '1 ms'],
    [0.0362, '36.2 ms'],
    [12.34, '12.3 s'],
  ])('writes %d s as %s', (seconds, text) => expect(duration(seconds)).toBe(text));
});

test('the table in README.md has the rows that can be compiled, and nothing else changes', () => {
  const comparison = {
    machine: {},
    method: { rounds: 9, seconds: 0.15, timeout: 300 },
    peers: {},
    absent: {},
    rows: [{ row: 'op-sin', title: 'sine', figures: {}, failures: {} }, ...measured],
  };
  const readme = fs.readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8');
  const text = withTable(readme, comparison, peers);
  const [before, after] = ['<!-- Written by', '<!-- End of the table -->'];
  expect(text.split(before)[0]).toBe(readme.split(before)[0]);
  expect(text.split(after)[1]).toBe(readme.split(after)[1]);
  expect(text).toContain(tables(measured, peers).least);
  expect(withTable(text, comparison, peers)).toBe(text);
  expect(() => withTable('# Another file', comparison, peers)).toThrow(/README\.md does not contain '<!-- Written/);
});

test('the page names machine, versions, failures and the peers that were left out', () => {
  const text = page(
    {
      machine: { processor: 'a processor' },
      method: { rounds: 9, seconds: 0.15, timeout: 300 },
      peers: { jax: { rows: [], versions: { Python: '3.11.0', JAX: '0.10.2' }, threads: null } },
      absent: { casadi: 'no Python' },
      rows: measured,
    },
    peers,
  );
  expect(text).toContain('- processor: a processor\n- JAX jit: Python 3.11.0, JAX 0.10.2\n');
  expect(text).toContain('## Left out\n\n- CasADi: no Python\n');
  expect(text).toContain('- torch.compile, RK4: Unsupported: vmap\n');
  expect(text).toContain('--peers torch,torch-compile,jax,casadi --write');
  expect(text.match(/^\| row/gm)).toHaveLength(4);
});
