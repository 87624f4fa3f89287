/** The command as a process: signals, limits, pipes. */

import fs from 'node:fs';

import { readNpy, samples, useFolder, writeNpy } from '../support/command';
import { shellCommand, spawnCommand } from '../support/spawn-command';

const folder = useFolder();

function args(source: string, count: number, ...options: string[]): string[] {
  return [
    ...['jacobian', '--fn', folder.file('f.mjs', source)],
    ...['--input', writeNpy(folder.file('X.npy'), 'float64', [count], samples(count))],
    ...['--output', folder.file('J.npy'), ...options],
  ];
}

const hidden = (): string[] => fs.readdirSync(folder.path).filter((name) => name.startsWith('.'));

test('a run in a pipe prints one line and no bar', async () => {
  const { code, out, err } = await spawnCommand(args('export default (x) => x.sin();', 1000));
  expect(err).toBe('');
  expect(code).toBe(0);
  expect(out).toMatch(/^1,000 samples in \S+ s, \S+ samples\/s, device cpu, peak memory \d+ MB\n$/);
  expect(readNpy(folder.file('J.npy')).shape).toEqual([1000]);
});

test('standard output on a full disk is a failure, and the result stays', async () => {
  const full = fs.openSync('/dev/full', 'w');
  try {
    const { code, err } = await spawnCommand(args('export default (x) => x.sin();', 10), { stdout: full });
    expect(err).toBe(
      'torch-func jacobian: cannot write to standard output: no space is left on the device (ENOSPC); ' +
        `${folder.file('J.npy')} is complete\n`,
    );
    expect(code).toBe(1);
    expect(readNpy(folder.file('J.npy')).shape).toEqual([10]);
    // Nothing can be said without standard error, but the exit code stays right.
    expect((await spawnCommand(['frobnicate'], { stderr: full })).code).toBe(2);
  } finally {
    fs.closeSync(full);
  }
});

describe.each([
  ['SIGINT', 130, 'Ctrl-C'],
  ['SIGTERM', 143, 'SIGTERM'],
  ['SIGHUP', 129, 'SIGHUP'],
] as const)('%s', (signal, exitCode, name) => {
  test('between two chunks', async () => {
    const source = `let calls = 0;
      export default (x) => {
        if (++calls === 20) console.log('under way');
        return x.sin();
      };`;
    let sent = false;
    const { code, err } = await spawnCommand(args(source, 200_000, '--chunk-size', '1', '--no-compile'), {
      onOutput: (text, kill) => {
        if (sent || !text.includes('under way')) return;
        sent = true;
        expect(hidden()).toHaveLength(1);
        kill(signal);
      },
    });
    expect(sent).toBe(true);
    expect(err).toBe(`torch-func jacobian: stopped by ${name}\n`);
    expect(code).toBe(exitCode);
    expect(fs.readdirSync(folder.path).sort()).toEqual(['X.npy', 'f.mjs']);
  });
});

describe.each([
  ['SIGINT', 130, 'Ctrl-C'],
  ['SIGTERM', 143, 'SIGTERM'],
  ['SIGHUP', 129, 'SIGHUP'],
] as const)('%s in an endless loop', (name, exitCode, shown) => {
  test.each(['first', 'later'])('in the %s call', async (when) => {
    const source = `let calls = 0;
      export default (x) => {
        if (++calls > ${when === 'first' ? 0 : 4}) {
          console.log('in the loop');
          for (;;) x.sin();
        }
        return x.sin();
      };`;
    let sent = false;
    const { code, signal, err } = await spawnCommand(args(source, 100, '--chunk-size', '1', '--no-compile'), {
      onOutput: (text, kill) => {
        if (sent || !text.includes('in the loop')) return;
        sent = true;
        kill(name);
      },
    });
    expect(err).toBe(`torch-func jacobian: stopped by ${shown}\n`);
    expect([code, signal]).toEqual([exitCode, null]);
    expect(fs.readdirSync(folder.path).sort()).toEqual(['X.npy', 'f.mjs']);
  });

  test('in a module', async () => {
    const { code, signal } = await spawnCommand(args('console.log("in the loop"); for (;;);', 100), {
      onOutput: (_, kill) => {
        kill(name);
      },
    });
    expect([code, signal]).toEqual([null, name]);
    expect(fs.readdirSync(folder.path).sort()).toEqual(['X.npy', 'f.mjs']);
  });
});

test('a Promise that is refused may be rejected', async () => {
  const { code, err } = await spawnCommand(args('export default async (x) => { throw new Error("no"); };', 10));
  expect(err).toMatch(/^torch-func jacobian: the function in .*f\.mjs returned a Promise; it must be synchronous.*\n$/);
  expect(code).toBe(1);
});

test('a module that waits for ever', async () => {
  const { code, err } = await spawnCommand(args('await new Promise(() => {}); export default (x) => x.sin();', 10));
  expect(err).toBe('torch-func: the command cannot continue: a module waits for a Promise that is never settled\n');
  expect(code).toBe(1);
});

test('the next run removes what a killed one left behind', async () => {
  const source = `let calls = 0;
    export default (x) => {
      if (++calls === 5) console.log('under way');
      return x.sin();
    };`;
  const { signal } = await spawnCommand(args(source, 200_000, '--chunk-size', '1', '--no-compile'), {
    onOutput: (text, kill) => {
      if (text.includes('under way')) kill('SIGKILL');
    },
  });
  expect(signal).toBe('SIGKILL');
  expect(hidden()).toHaveLength(1);
  const { code } = await spawnCommand(args('export default (x) => x.sin();', 10));
  expect(code).toBe(0);
  expect(fs.readdirSync(folder.path).sort()).toEqual(['J.npy', 'X.npy', 'f.mjs']);
});

test('a function that ends the process leaves nothing behind', async () => {
  const source = 'let calls = 0; export default (x) => { if (++calls > 5) process.exit(7); return x.sin(); };';
  const { code } = await spawnCommand(args(source, 100, '--chunk-size', '1', '--no-compile'));
  expect(code).toBe(7);
  expect(fs.readdirSync(folder.path).sort()).toEqual(['X.npy', 'f.mjs']);
});

test('a module that keeps timers does not keep the command', async () => {
  const source = 'setInterval(() => {}, 1000); export default (x) => x.sin();';
  const { code } = await spawnCommand(args(source, 10));
  expect(code).toBe(0);
});

test('a file that grows beyond the limit of the shell', () => {
  // 16 blocks of 1 KiB; the result takes 80 kB.
  const { code, err } = shellCommand(
    'ulimit -f 16',
    args('export default (x) => x.sin();', 10_000, '--chunk-size', '100'),
  );
  expect(err).toMatch(
    /cannot write .*J\.npy: the file exceeds the size limit of the system or of this process \(EFBIG\)/,
  );
  expect(code).toBe(1);
  expect(fs.readdirSync(folder.path).sort()).toEqual(['X.npy', 'f.mjs']);
});

test('memory is bounded by the chunk, not by the file', async () => {
  const count = 6_000_000;
  const source = 'export default (x, torch) => torch.stack([x.sin(), x.cos(), x.exp(), x.pow(2)]);';
  // A tenth of the file takes the process to its working size: the collector's heap, libtorch's pools.
  const small = await spawnCommand(args(source, count / 10, '--json'));
  const large = await spawnCommand(args(source, count, '--json'));
  const peak = ({ out }: { out: string }): number => (JSON.parse(out) as { peakMemoryBytes: number }).peakMemoryBytes;
  // The inputs differ by 43 MB, the outputs by 173 MB.
  expect(peak(large) - peak(small)).toBeLessThan(100e6);
});

test('doctor finds a working addon', async () => {
  const { code, out, err } = await spawnCommand(['doctor']);
  expect(err).toBe('');
  expect(code).toBe(0);
  for (const fact of ['torch-func', 'Node.js', 'compiler', 'cache', 'libtorch', 'addon', 'CPU', 'threads', 'CUDA']) {
    expect(out).toMatch(new RegExp(`^${fact}\\s+\\S`, 'm'));
  }
  expect(out).toMatch(/addon\s+loads, and gives the right Jacobian/);
});
