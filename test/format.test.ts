import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { inspect } from 'node:util';

import * as torch from '../lib';
import type { Dtype, Tensor } from '../lib';
import { getPrintOptions, setPrintOptions } from '../lib/format';
import { formatExponential, formatFixed } from '../lib/format/numbers';
import { native } from '../lib/native';

interface PlainCase {
  dtype: Dtype;
  shape: number[];
  /** Strings for what JSON has no number for; pairs for complex numbers. */
  values?: unknown[];
  /** The values 0/divisor, 1/divisor, ... */
  range?: [count: number, divisor: number];
  options?: Record<string, unknown>;
  requiresGrad?: boolean;
  text: string;
}

// Made by PyTorch 2.13, with test/fixtures/make_format.py.
const fixtures = JSON.parse(readFileSync(path.join(__dirname, 'fixtures', 'format.json'), 'utf8')) as {
  plain: PlainCase[];
  special: Record<string, string>;
};

afterEach(() => {
  setPrintOptions({ profile: 'default' });
  torch.setDefaultDtype('float32');
});

function element(value: unknown): number | bigint | boolean | torch.Complex {
  if (Array.isArray(value)) return new torch.Complex(Number(element(value[0])), Number(element(value[1])));
  if (typeof value !== 'string') return value as number;
  if (/^-?\d+$/.test(value)) return BigInt(value);
  return value === 'nan' ? NaN : value === 'inf' ? Infinity : value === '-inf' ? -Infinity : Number(value);
}

function build({ dtype, shape, values, range, requiresGrad }: PlainCase): Tensor {
  const elements = range
    ? Array.from({ length: range[0] }, (_, i) => i / range[1])
    : values!.map((value) => element(value));
  const tensor = torch.tensor(elements, { dtype }).reshape(shape);
  return requiresGrad ? tensor.requiresGrad_() : tensor;
}

function optionsOf({ options }: PlainCase): object {
  return Object.fromEntries(
    Object.entries(options ?? {}).map(([name, value]) => [name, value === 'Infinity' ? Infinity : value]),
  );
}

describe('plain tensors print as in PyTorch', () => {
  test.each(fixtures.plain.map((fixture) => [fixture.text.slice(0, 60), fixture] as const))('%s', (_, fixture) => {
    const tensor = build(fixture);
    if (fixture.options) setPrintOptions(optionsOf(fixture));
    expect(tensor.toString()).toBe(fixture.text);
  });
});

describe('other tensors print as in PyTorch', () => {
  const x = torch.tensor([1, 2]);
  const leaf = torch.tensor([1, 2], { requiresGrad: true });
  const complex = torch.tensor([new torch.Complex(1, 2), new torch.Complex(3, -4)]);

  /** What a tensor looks like inside a transform. */
  function inside(transform: (f: (value: Tensor) => Tensor) => unknown): string {
    let text = '';
    transform((value) => {
      text = String(value);
      return value.sum();
    });
    return text;
  }

  function dual(primal: Tensor, print: (dual: Tensor) => string): string {
    const level = native.enterDualLevel();
    try {
      return print(native.makeDual(primal, torch.tensor([0.5, 0.25]), level));
    } finally {
      native.exitDualLevel(level);
    }
  }

  const rows = torch.arange(6).to('float32').reshape([2, 3]);
  const specials: Record<string, () => string> = {
    gradFn: () => String(leaf.mul(2)),
    gradFn0d: () => String(leaf.mul(2).sum()),
    copySlices: () => String(leaf.clone().indexPut_([0], 5)),
    conj: () => String(complex.conj()),
    negative: () => String(complex.conj().imag),
    transposed: () => String(torch.arange(6).reshape([2, 3]).t()),
    meta: () => String(torch.empty([2, 3], { device: 'meta' })),
    metaInt: () => String(torch.empty([4], { dtype: 'int64', device: 'meta' })),
    sparse: () => String(torch.tensor([[0, 3], [4.5, 0]]).toSparse()), // prettier-ignore
    sparseEmpty: () => String(torch.zeros([2, 3], { dtype: 'float64' }).toSparse()),
    sparseCsr: () => String(torch.tensor([[0, 1.5], [2, 0]]).toSparseCsr()), // prettier-ignore
    sparseCsc: () => String(torch.tensor([[0, 1.5], [2, 0]]).toSparseCsc()), // prettier-ignore
    nested: () => String(torch.ops.aten._nested_tensor_from_tensor_list([torch.tensor([1]), torch.tensor([2, 3.5])])),
    dual: () => dual(x, String),
    dualGrad: () => dual(leaf, (value) => String(value.mul(3))),
    defaultFloat64: () => {
      torch.setDefaultDtype('float64');
      const z = torch.tensor([new torch.Complex(0, 1)]);
      return [torch.tensor([1.5]), x, z, torch.empty([0]), torch.empty([1], { device: 'meta' })].join('\n');
    },
    grad: () => inside((f) => torch.func.grad(f)(x)),
    escaped: () => {
      const escaped: Tensor[] = [];
      torch.func.grad((value: Tensor) => {
        escaped.push(value.mul(2));
        return value.sum();
      })(x);
      return String(escaped[0]);
    },
    vmap: () => inside((f) => torch.vmap(f)(rows)),
    vmapDim1: () => inside((f) => torch.vmap(f, { inDims: 1 })(rows)),
    vmapMatrices: () => inside((f) => torch.vmap(f)(torch.arange(8).to('float32').reshape([2, 2, 2]))),
    vmapGrad: () => inside((f) => torch.vmap(torch.func.grad(f))(rows)),
    gradGrad: () => inside((f) => torch.func.grad(torch.func.grad((v: Tensor) => f(v.sin())))(torch.tensor(0.5))),
    jvp: () => inside((f) => torch.func.jvp(f, [x], [torch.tensor([1, 0])])),
    plainInsideGrad: () => {
      let text = '';
      const f = (value: Tensor): Tensor => {
        text = String(x);
        return value.sum();
      };
      torch.vmap(torch.func.grad(f))(torch.ones([2, 2]));
      return text;
    },
    summaryInsideVmap: () => {
      let text = '';
      const f = (value: Tensor): Tensor => {
        text = String(torch.arange(1001));
        return value.sum();
      };
      torch.vmap(torch.func.grad(f))(torch.ones([2, 2]));
      return text;
    },
  };

  test('every fixture has a test', () => {
    expect(Object.keys(specials).sort()).toEqual(Object.keys(fixtures.special).sort());
  });

  test.each(Object.keys(specials))('%s', (name) => {
    expect(specials[name]()).toBe(fixtures.special[name]);
  });

  test('a view made invalid under noGrad', () => {
    const view = torch.noGrad(() => leaf.clone().requiresGrad_().unbind(0)[0]);
    torch.noGrad(() => view.mul_(2));
    expect(String(view)).toMatch(/^tensor\(2\., (grad_fn=<Invalid>|requires_grad=True)\)$/);
  });

  test('a large tensor is not copied whole', () => {
    const big = torch.zeros([1]).expand([1 << 15, 1 << 15, 1 << 15]);
    expect(String(big)).toMatch(/^tensor\(\[\[\[0\., 0\., 0\., {2}\.\.\., 0\., 0\., 0\.\],\n/);
  });

  test('functional tensors', () => {
    const level = native.pushFunctionalize(true);
    try {
      const wrapped = torch.ops.aten._to_copy(x);
      expect(String(wrapped)).toContain('tensor([1., 2.])');
    } finally {
      native.popLevel(level);
    }
  });

  test('quantized tensors print their values', () => {
    expect(String(torch.quantizePerTensor(x, 0.5, 0, 'quint8' as Dtype))).toBe('tensor([1., 2.], dtype=torch.quint8)');
  });

  test('a disposed tensor', () => {
    const tensor = torch.zeros([2]);
    tensor.dispose();
    expect(String(tensor)).toBe('tensor(<disposed>)');
  });

  test('util.inspect', () => {
    expect(inspect(torch.tensor([1, 2.5]))).toBe('tensor([1.0000, 2.5000])');
  });

  test('printing leaves no handles behind', () => {
    const sparse = torch.tensor([0, 1.5]).toSparse();
    const usage: number[] = [];
    torch.vmap((row: Tensor) => {
      usage.push(native.memoryUsage().bytes);
      String(row);
      String(sparse);
      usage.push(native.memoryUsage().bytes);
      return row;
    })(rows);
    expect(usage[1]).toBe(usage[0]);
  });

  test('printing records nothing and changes no mode', () => {
    const y = leaf.mul(2);
    String(y);
    expect(y.gradFn?.name()).toBe('MulBackward0');
    expect(native.gradMode()).toBe(true);
  });
});

describe('setPrintOptions', () => {
  test('keeps what is not given, and lets the values decide about sciMode', () => {
    setPrintOptions({ precision: 2, sciMode: true });
    setPrintOptions({ linewidth: 100, threshold: undefined });
    expect(getPrintOptions()).toEqual({ precision: 2, threshold: 1000, edgeitems: 3, linewidth: 100, sciMode: null });
    setPrintOptions({ profile: 'short', edgeitems: 5 });
    expect(getPrintOptions()).toEqual({ precision: 2, threshold: 1000, edgeitems: 5, linewidth: 80, sciMode: null });
  });

  test.each<[object, typeof torch.ValueError | typeof TypeError, string]>([
    [{ profile: 'long' }, torch.ValueError, "'profile' must be 'default', 'short' or 'full', not 'long'"],
    [{ profile: 'toString' }, torch.ValueError, "'profile' must be"],
    [{ precision: -1 }, torch.ValueError, "'precision' must be an integer from 0 to 100, not -1"],
    [{ precision: 1.5 }, torch.ValueError, "'precision' must be an integer"],
    [{ threshold: NaN }, torch.ValueError, "'threshold' must be an integer"],
    [{ edgeitems: 'a' }, torch.ValueError, "'edgeitems' must be an integer"],
    [{ linewidth: -5 }, torch.ValueError, "'linewidth' must be an integer"],
    [{ sciMode: 'yes' }, torch.ValueError, "'sciMode' must be true, false or null, not yes"],
    [{ digits: 3 }, TypeError, "unknown option 'digits'"],
  ])('%j is refused and changes nothing', (options, errorClass, message) => {
    const before = getPrintOptions();
    expect(() => setPrintOptions(options)).toThrow(errorClass);
    expect(() => setPrintOptions(options)).toThrow(message);
    expect(getPrintOptions()).toEqual(before);
  });
});

describe('numbers as Python formats them', () => {
  // From Python's f'{value:.{precision}f}' and f'{value:.{precision}e}'.
  test.each<[number, number, string, string]>([
    [0.5, 0, '0', '5e-01'],
    [1.5, 0, '2', '2e+00'],
    [2.5, 0, '2', '2e+00'],
    [-2.5, 0, '-2', '-2e+00'],
    [0.03125, 4, '0.0312', '3.1250e-02'],
    [0.09375, 4, '0.0938', '9.3750e-02'],
    [100005, 4, '100005.0000', '1.0000e+05'],
    [100015, 4, '100015.0000', '1.0002e+05'],
    [0.15, 1, '0.1', '1.5e-01'],
    [0.25, 1, '0.2', '2.5e-01'],
    [-0, 2, '-0.00', '-0.00e+00'],
    [-0.001, 2, '-0.00', '-1.00e-03'],
    [1e22, 1, '10000000000000000000000.0', '1.0e+22'],
    [1e22, 0, '10000000000000000000000', '1e+22'],
    [1e100, 2, `${BigInt(1e100)}.00`, '1.00e+100'],
    [5e-324, 3, '0.000', '4.941e-324'],
    [NaN, 4, 'nan', 'nan'],
    [-Infinity, 4, '-inf', '-inf'],
  ])('%d with %d digits', (value, precision, fixed, exponential) => {
    expect(formatFixed(value, precision)).toBe(fixed);
    expect(formatExponential(value, precision)).toBe(exponential);
  });

  test('the largest precision', () => {
    expect(formatFixed(0.5, 100)).toBe(`0.5${'0'.repeat(99)}`);
    expect(formatExponential(0.5, 100)).toBe(`5.${'0'.repeat(100)}e-01`);
  });
});
