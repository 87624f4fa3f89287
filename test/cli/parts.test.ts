import { runCommandLine } from '../../lib/cli/command-line';
import { CommandFailure, Interrupted, UsageError, asFailure } from '../../lib/cli/failure';
import { callInterruptibly, withStopSignals } from '../../lib/cli/interrupt';
import { summaryLine } from '../../lib/cli/jacobian/summary';
import { JobError } from '../../lib/jobs/errors';
import type { JacobianReport } from '../../lib/jobs/jacobian/job';
import { messageOf } from '../../lib/jobs/thrown';
import { formatBytes, formatSeconds } from '../../lib/terminal/format';
import { Progress, progressLine } from '../../lib/terminal/progress';
import { command } from '../support/command';

describe('the command line', () => {
  test('help, version', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { code, out } = await command(...args);
      expect(code).toBe(0);
      expect(out).toContain('torch-func jacobian --fn FILE');
    }
    const { code, out } = await command('--version');
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await command('-v')).out).toBe(out);
  });

  test.each<[string[], string]>([
    [[], 'a command is needed'],
    [['frobnicate'], "'frobnicate' is not a command; the commands are jacobian and doctor"],
    [['constructor'], 'is not a command'],
    [['jacobian'], '--fn, --input, --output missing'],
    [['jacobian', '--fn', 'f.ts'], '--input, --output missing; see torch-func jacobian --help'],
    [['jacobian', '--frob'], "Unknown option '--frob'"],
    [['jacobian', 'f.ts'], "Unexpected argument 'f.ts'"],
    [['jacobian', '--fn'], "'--fn <value>' argument missing"],
    [
      ['jacobian', '--fn', 'f', '--input', 'x', '--output', 'y', '--mode', 'up'],
      "--mode is 'up'; expected rev or fwd or auto",
    ],
    [
      ['jacobian', '--fn', 'f', '--input', 'x', '--output', 'y', '--dtype', 'int8'],
      "--dtype is 'int8'; expected float32 or float64",
    ],
    [
      ['jacobian', '--fn', 'f', '--input', 'x', '--output', 'y', '--device', 'tpu'],
      "--device is 'tpu'; expected cpu, cuda or cuda:N",
    ],
    [
      ['jacobian', '--fn', 'f', '--input', 'x', '--output', 'y', '--chunk-size', '0'],
      "--chunk-size is '0'; expected a positive integer or auto",
    ],
    [['jacobian', '--fn', 'f', '--input', 'x', '--output', 'y', '--chunk-size', '1e3'], "--chunk-size is '1e3'"],
    [['jacobian', '--fn', 'f', '--input', 'x', '--output', 'y', '--chunk-size=-3'], "--chunk-size is '-3'"],

    [['doctor', '--frob'], "Unknown option '--frob'"],
  ])('%j is a wrong use', async (args, message) => {
    const { code, out, err } = await command(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err).toMatch(/^torch-func( jacobian| doctor)?: /);
  });

  test('--fn alone with --help explains', async () => {
    const { code, out } = await command('jacobian', '--fn', 'f.ts', '--help');
    expect(code).toBe(0);
    expect(out).toContain('export default (x, torch) =>');
    for (const option of ['--mode', '--device', '--dtype', '--chunk-size', '--json']) {
      expect(out).toContain(option);
    }
  });

  test('output that cannot be written is a failure', async () => {
    for (const args of [['--version'], ['--help'], ['jacobian', '--help'], ['doctor', '--help']]) {
      let err = '';
      const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      const code = await runCommandLine(args, {
        out: { write: () => Promise.reject(full) },
        err: { write: (text) => (err += text) },
      });
      expect(code).toBe(1);
      expect(err).toMatch(
        /^torch-func.*: cannot write to standard output: no space is left on the device \(ENOSPC\)\n$/,
      );
    }
  });
});

describe('failures', () => {
  test('exit codes', () => {
    expect(new CommandFailure('x').exitCode).toBe(1);
    expect(new UsageError('x').exitCode).toBe(2);
    expect(new Interrupted('SIGINT').exitCode).toBe(130);
    expect(new Interrupted('SIGTERM').exitCode).toBe(143);
    expect(new Interrupted('SIGHUP').exitCode).toBe(129);
  });

  test('the errors of jobs', () => {
    const cases: [JobError, number, string][] = [
      [new JobError('input', 'no'), 1, 'no'],
      [new JobError('input', 'no', { option: 'dtype' }), 1, 'no (option --dtype)'],
      [new JobError('argument', 'no', { option: 'fn' }), 2, 'no (option --fn)'],
    ];
    for (const [error, exitCode, message] of cases) {
      expect(asFailure(error)).toMatchObject({ exitCode, message, cause: error });
    }
    const usage = new UsageError('x');
    expect(asFailure(usage)).toBe(usage);
    expect(asFailure(new Error('a bug'))).toBeUndefined();
  });

  test('messages', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    expect(messageOf(full)).toBe('no space is left on the device (ENOSPC)');
    expect(messageOf(new Error('plain'))).toBe('plain');
    expect(messageOf('text')).toBe('text was thrown');
    expect(messageOf(undefined)).toBe('undefined was thrown');
  });
});

describe('interruption', () => {
  test('a signal aborts and the process lives', async () => {
    const before = process.listenerCount('SIGINT');
    await expect(
      withStopSignals(async (signal) => {
        process.emit('SIGINT', 'SIGINT');
        signal.throwIfAborted();
        return Promise.resolve();
      }),
    ).rejects.toThrow('stopped by Ctrl-C');
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  test('work gives its result and its own errors', () => {
    expect(callInterruptibly(() => 42)).toBe(42);
    expect(callInterruptibly(() => callInterruptibly(() => 'inner') + ' and outer')).toBe('inner and outer');
    expect(() =>
      callInterruptibly(() => {
        throw new RangeError('mine');
      }),
    ).toThrow(new RangeError('mine'));
  });
});

describe('what people see', () => {
  test('numbers', () => {
    expect(formatSeconds(0.1234)).toBe('0.12 s');
    expect(formatSeconds(12.34)).toBe('12.3 s');
    expect(formatSeconds(125)).toBe('2 min 5 s');
    expect(formatSeconds(7384)).toBe('2 h 3 min 4 s');
    expect(formatBytes(512)).toBe('512 B');
    expect(formatBytes(2_500_000)).toBe('2.5 MB');
    expect(formatBytes(312_000_000)).toBe('312 MB');
  });

  test('the progress bar', () => {
    const line = progressLine(250_000, 1_000_000, 2, 'samples');
    expect(line).toBe('███████░░░░░░░░░░░░░░░░░░░░░░░  25%  250,000 of 1,000,000 samples  125,000/s  6.00 s left');
    expect(progressLine(0, 10, 0, 'samples')).toContain('0%  0 of 10 samples');
    expect(progressLine(0, 0, 1, 'samples')).toContain('100%');
  });

  test.each<[string, boolean, number | undefined, RegExp]>([
    ['cut to the width of a terminal, and erased', true, 40, /^\|█{15}░{15}.{9}\|$/],
    ['of 80 columns on a terminal that does not know its width', true, 0, /^\|█{15}░{15} {2}50% {2}1 of 2 samples/],
    ['of 80 columns on a terminal that gives no width', true, undefined, /^\|█{15}░{15} {2}50% {2}1 of 2 samples/],
    ['not drawn elsewhere', false, undefined, /^$/],
  ])('a bar is %s', (_, isTTY, columns, expected) => {
    let err = '';
    const progress = new Progress(
      { out: { write: () => true }, err: { isTTY, columns, write: (text) => (err += text) } },
      'samples',
    );
    progress.update(1, 2);
    progress.update(2, 2);
    progress.clear();
    expect(err.replaceAll('\r\x1b[K', '|')).toMatch(expected);
  });

  const summary: JacobianReport = {
    samples: 1_000_000,
    seconds: 2.5,
    samplesPerSecond: 400_000,
    device: 'cpu',
    peakMemoryBytes: 312_000_000,
    mode: 'fwd',
    dtype: 'float32',
    shape: [1_000_000, 3, 2],
    chunkSize: 4096,
    compile: true,
    compiledSpeedup: null,
    notCompiled: null,
    nonFiniteValues: 0,
    nonFiniteSamples: 0,
    output: 'J.npy',
  };

  test('the final line', () => {
    expect(summaryLine(summary)).toBe('1,000,000 samples in 2.50 s, 400,000 samples/s, device cpu, peak memory 312 MB');
    for (const [factor, text] of [
      [1.34, '1.3'],
      [12.34, '12'],
      [2812, '2,800'],
    ] as const) {
      expect(summaryLine({ ...summary, compiledSpeedup: factor })).toContain(
        `samples/s, compiled: computes ${text} times as fast, device`,
      );
    }
    expect(summaryLine({ ...summary, notCompiled: 'it reads' })).toContain('samples/s, not compiled: it reads, device');
    expect(summaryLine({ ...summary, samples: 1, nonFiniteValues: 2, nonFiniteSamples: 1 })).toBe(
      '1 sample in 2.50 s, 400,000 samples/s, device cpu, peak memory 312 MB, NOT FINITE: 2 values in 1 sample',
    );
  });
});
