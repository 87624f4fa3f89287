import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectError } from '../support/errors';

const { RuntimeError, ValueError, NotImplementedError } = torch;
const { vjp, jvp } = torch.func;
const x = torch.tensor([1, 2, 3]);
const y = torch.tensor([1, 2]);
const sin = (t: Tensor) => t.sin();
type Refused = [string, () => unknown, new (message: string) => Error, string | RegExp];

describe('what vjp refuses', () => {
  const refused: Refused[] = [
    [
      'hasAux without aux',
      () => vjp(sin as any, x, { hasAux: true } as any),
      RuntimeError,
      'vjp(f, *primals): output of function f should be a tuple: (output, aux) if has_aux is True',
    ],
    [
      'no output',
      () => vjp((_: Tensor) => null as any, x),
      RuntimeError,
      'vjp(f, *primals): Expected f to be a function that has non-empty output (got output = [null])',
    ],
    [
      'an empty output',
      () => vjp((_: Tensor) => [] as Tensor[], x),
      RuntimeError,
      'vjp(f, *primals): Expected f to be a function that has non-empty output (got output = [])',
    ],
    [
      'an output of text',
      () => vjp((t: Tensor) => [t, 'a'], x),
      RuntimeError,
      'vjp(f, *primals): expected f(*primals) to return only tensors, got unsupported type string',
    ],
    [
      'a boolean output',
      () => vjp((t: Tensor) => t.gt(0), x),
      RuntimeError,
      'vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype torch.bool',
    ],
    [
      'an int64 output',
      () => vjp((t: Tensor) => t.argsort(), x),
      RuntimeError,
      'vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype torch.int64',
    ],
    [
      'a number as primal',
      () => vjp((t: any) => t, 1),
      ValueError,
      'Thing passed to transform API must be Tensor, got number\nIt is argument 0.',
    ],
    [
      'an int64 primal',
      () => vjp(sin, torch.tensor([1n])),
      RuntimeError,
      'only Tensors of floating point dtype can require gradients\nIt is argument 0. Its dtype is int64.',
    ],
    [
      'cotangents of another structure',
      () => vjp((t: Tensor) => [t, t], x)[1](x as any),
      RuntimeError,
      'Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. cotangents: *, primal output: (*, *)',
    ],
    [
      'cotangents with other keys',
      () => vjp((t: Tensor) => ({ q: t }), x)[1]({ r: x } as any),
      RuntimeError,
      "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. cotangents: {'r': *}, primal output: {'q': *}",
    ],
    [
      'a cotangent of another shape',
      () => vjp(sin, x)[1](y),
      RuntimeError,
      'Mismatch in shape: grad_output[0] has a shape of torch.Size([2]) and output[0] has a shape of torch.Size([3]).',
    ],
    [
      'a complex cotangent',
      () => vjp(sin, x)[1](x.to('complex64')),
      RuntimeError,
      /^For complex Tensors, both grad_output and output are required to have the same dtype\. Mismatch in dtype: grad_output\[0\] has a dtype of torch\.complex64/,
    ],
    ['a cotangent that is no tensor', () => vjp(sin, x)[1](3 as any), TypeError, /gradients can be either Tensors/],
    [
      'an unknown option of vjpFn',
      () => vjp(sin, x)[1](x, { retain: true } as any),
      TypeError,
      "vjpFn(): unknown option 'retain'; the options are retainGraph, createGraph",
    ],
    [
      'a graph that is gone',
      () => {
        const [, p] = vjp((t: Tensor) => t.sin().exp(), x);
        p(x, { retainGraph: false });
        return p(x);
      },
      RuntimeError,
      /^Trying to backward through the graph a second time/,
    ],
    ['no function', () => vjp(x as any), TypeError, /^vjp\(\): argument 'func' must be a function/],
  ];
  test.each(refused)('%s', (_, body, type, message) => expectError(body, type, message));
});

describe('vjp', () => {
  test('always gives an array, can be called often, and after the level is gone', () => {
    const [out, pullback] = vjp(sin, x);
    expect(out.requiresGrad).toBe(false);
    for (let i = 0; i < 3; i++) {
      const result = pullback(torch.ones(3));
      expect(result).toHaveLength(1);
      expect(result[0].toArray()).toEqual(x.cos().toArray());
    }
  });
  test('an object of a boolean hasAux is options, any other object a primal', () => {
    const [, pullback] = vjp((p: { a: Tensor }) => p.a.mul(2), { a: x });
    expect(pullback(x)[0].a.toArray()).toEqual([2, 4, 6]);
    const [, , aux] = vjp((t: Tensor) => [t.mul(2), t] as const, x, { hasAux: true });
    expect(aux.toArray()).toEqual([1, 2, 3]);
  });
});

describe('what jvp refuses', () => {
  const P = 'jvp(f, primals, tangents)';
  const refused: Refused[] = [
    [
      'primals that are no array',
      () => jvp(sin, x as any, x as any),
      RuntimeError,
      `${P}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).`,
    ],
    [
      'tangents of another structure',
      () => jvp(sin, [x], [x, x] as any),
      RuntimeError,
      /^jvp\(f, primals, tangents\): Expected primals and tangents to have the same python structure\. For example, if primals is a tuple of 3 tensors, tangents also must be\. Got primals with structure TreeSpec\(tuple, None, \[\*\]\) and tangents with structure TreeSpec\(tuple, None, \[\*,\n {2}\*\]\)$/,
    ],
    [
      'no tensor',
      () => jvp((() => x) as any, [], []),
      RuntimeError,
      `${P}: Expected primals to contain at least one Tensor.`,
    ],
    [
      'a number as primal',
      () => jvp((t: any) => t, [1], [1]),
      RuntimeError,
      `${P}: Expected primals to only contain Tensors, got number`,
    ],
    [
      'a number as tangent',
      () => jvp(sin, [x], [1 as any]),
      RuntimeError,
      `${P}: Expected tangents to only contain Tensors, got number`,
    ],
    [
      'an int64 primal',
      () => jvp(sin, [torch.tensor([1n])], [torch.tensor([1])]),
      ValueError,
      'Expected primal to be floating point or complex, but got: torch.int64',
    ],
    [
      'an int64 tangent',
      () => jvp(sin, [torch.tensor([1])], [torch.tensor([1n])]),
      ValueError,
      'Expected tangent to be floating point or complex, but got: torch.int64',
    ],
    [
      'a tangent of another size',
      () => jvp(sin, [x], [y]),
      RuntimeError,
      'Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. Tensor is of size [3] while the given forward gradient is of size [2].',
    ],
    [
      'hasAux without aux',
      () => jvp(sin as any, [x], [x], { hasAux: true }),
      RuntimeError,
      `${P}: output of function f should be a tuple: (output, aux) if has_aux is True`,
    ],
    [
      'an aux of text',
      () => jvp((t: Tensor) => [t, 'a'] as const, [x], [x], { hasAux: true }),
      RuntimeError,
      'Expected tensors, got unsupported type string',
    ],
    [
      'no output',
      () => jvp((_: Tensor) => undefined as any, [x], [x]),
      RuntimeError,
      `${P}: Expected f to be a function that has non-empty output (got output = [undefined])`,
    ],
    [
      'an output of numbers',
      () => jvp((t: Tensor) => [t, 1] as any, [x], [x]),
      RuntimeError,
      `${P}: expected f(*primals) to return only tensors, got unsupported type number`,
    ],
    [
      'strict and independent',
      () => jvp((_: Tensor) => torch.ones(2), [x], [x], { strict: true }),
      RuntimeError,
      'jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed with strict=True.',
    ],
    [
      'an operator without a forward formula',
      () =>
        jvp((t: Tensor) => torch.convTbc(t, torch.rand(1, 1, 1), torch.rand(1)), [x.view(3, 1, 1)], [x.view(3, 1, 1)]),
      NotImplementedError,
      /^Trying to use forward AD with conv_tbc that does not support it/,
    ],
    [
      'an out= variant',
      () => jvp((t: Tensor) => torch.add(t, 1, { out: torch.empty(3) }), [x], [x]),
      NotImplementedError,
      'Trying to use forward AD with add_out that does not support it because it is an out= function',
    ],
    [
      'an unknown option',
      () => jvp(sin, [x], [x], { Strict: true } as any),
      TypeError,
      "jvp(): unknown option 'Strict'; the options are strict, hasAux",
    ],
  ];
  test.each(refused)('%s', (_, body, type, message) => expectError(body, type, message));
});

describe('jvp', () => {
  test('gives the structure of the output twice, and zeros for what does not depend on the input', () => {
    const [out, tangent] = jvp((t: Tensor) => ({ a: t.mul(2), b: [torch.ones(2)] }), [x], [x]);
    expect(out.a.toArray()).toEqual([2, 4, 6]);
    expect(tangent.a.toArray()).toEqual([2, 4, 6]);
    expect(tangent.b[0].toArray()).toEqual([0, 0]);
  });
  test('noGrad does not stop tangents, detach does', () => {
    expect(torch.noGrad(() => jvp((t: Tensor) => t.mul(2), [x], [x]))[1].toArray()).toEqual([2, 4, 6]);
    expect(jvp((t: Tensor) => t.detach().mul(2), [x], [x])[1].toArray()).toEqual([0, 0, 0]);
  });
});
