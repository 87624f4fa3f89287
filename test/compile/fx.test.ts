/** `torch.fx`: recorded graphs. */

import * as ts from 'typescript';
import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { Float } from '../../lib/float';

const { grad, vmap, jacrev } = torch.func;
const small = (x: Tensor) => x.sin().mul(x).sum();

beforeEach(() => torch.manualSeed(0));

/** The function in the code of a graph. */
function run(code: string): (...args: unknown[]) => unknown {
  const javascript = code
    .replace("import * as torch from 'torch-func';", '')
    .replace('export function', 'return function')
    .replace(/: (torch\.Tensor|Record<string, torch\.Tensor>)/g, '');

  return new Function('torch', javascript)(torch) as never;
}

describe('makeFx', () => {
  test('the graph computes what the function computes, on other arguments as well', () => {
    const f = vmap(jacrev((x: Tensor) => torch.stack([x.prod(), x.select(0, 0).exp()])));
    const module = torch.fx.makeFx(f)(torch.randn([3, 2]));
    const x = torch.randn([3, 2]);
    expect(torch.equal(module(x) as Tensor, f(x) as Tensor)).toBe(true);
  });

  test('pytrees, constants, tensors from outside and several results', () => {
    const weight = torch.ones([2]);
    const f = (o: { a: Tensor; b: [Tensor] }) => {
      const { values, indices } = o.a.max(0);
      return { y: o.b[0].mul(weight).add(torch.tensor([1, 2])), values, indices, n: 4, a: o.a };
    };
    const module = torch.fx.makeFx(f)({ a: torch.randn([3]), b: [torch.randn([2])] });
    const given: { a: Tensor; b: [Tensor] } = { a: torch.tensor([1, 5, 2]), b: [torch.tensor([1, 1])] };
    weight.mul_(3);
    const result = module(given);
    expect(result.y.toArray()).toEqual([4, 5]);
    expect([result.values.item(), result.indices.item(), result.n]).toEqual([5, 1, 4]);
    expect(result.a).toBe(given.a);
    expect([...module.tensors.keys()].map((name) => name.replace(/\d/, ''))).toEqual(['closure', 'constant']);
  });

  test('lists of one tensor, numbers that are floats, and lists that are defaults', () => {
    const first = torch.fx.makeFx((x: Tensor) => x.unbind()[0].split(2)[0])(torch.ones(1, 2));
    expect(first(torch.tensor([[3, 4]])).tolist()).toEqual([3, 4]);
    const scaled = torch.fx.makeFx((x: Tensor) => x.mul(new Float(2) as never))(torch.ones(2, { dtype: 'int64' }));
    expect(String(scaled.graph)).toContain('(%x0, 2.0)');
    expect(scaled(torch.ones(2, { dtype: 'int64' })).dtype).toBe('float32');
    expect(JSON.stringify(scaled)).toContain('"args":[{"node":"x0"},2]');
    const pool = torch.fx.makeFx((x: Tensor) => torch.nn.functional.avgPool2d(x, 2))(torch.ones(1, 2, 2));
    expect(pool(torch.ones(1, 2, 2)).tolist()).toEqual([[[1]]]);
  });

  test('the graph can be transformed like any function', () => {
    const module = torch.fx.makeFx(small)(torch.randn([3]));
    const x = torch.randn([3]);
    const call = (y: Tensor) => module(y);
    expect(torch.equal(grad(call)(x), grad(small)(x))).toBe(true);
  });

  test('what cannot be recorded', () => {
    const messageOf = (f: (x: Tensor) => unknown): string => {
      try {
        torch.fx.makeFx(f)(torch.ones([2]));
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(messageOf((x) => x.sum().item())).toBe(
      'torch.fx.makeFx: item() reads values of a tensor in JavaScript, so a graph could not repeat it. Use operators such as torch.where instead, or move it out of the function',
    );
    expect(messageOf((x) => (torch.manualSeed(0), x))).toBe(
      'torch.fx.makeFx: the function reads or sets the state of a random number generator, so a graph could not repeat it. Move it out of the function',
    );
    expect(messageOf((x) => torch.nonzero(x))).toMatch(/^torch.fx.makeFx: the shape of the result of nonzero/);
    const weight = torch.ones([2]).requiresGrad_();
    expect(messageOf((x) => x.mul(weight))).toMatch(/so a graph could not repeat it. Detach the tensor, or make/);
    expect(() => grad((x: Tensor) => (torch.fx.makeFx(small)(x), x.sum()))(torch.ones([2]))).toThrow(
      'cannot record inside a transform',
    );
    expect(() => torch.fx.makeFx(3 as never)).toThrow(TypeError);
  });
});

describe('a graph module', () => {
  test('code is a module in TypeScript that computes the same', () => {
    const module = torch.fx.makeFx(grad(small))(torch.randn([3]));
    expect(module.code).toContain('const sin = aten.sin.default(x0); // float32[3]');
    const { diagnostics } = ts.transpileModule(module.code, { reportDiagnostics: true });
    expect(diagnostics).toEqual([]);
    const x = torch.randn([3]);
    const [result] = run(module.code)(x) as [Tensor];
    expect(torch.equal(result, grad(small)(x))).toBe(true);
  });

  test('code with options, lists and tensors from outside', () => {
    const weight = torch.randn([2]);
    const f = (x: Tensor) => torch.cat([x.add(weight, { alpha: 2 }), x.to('float64').float()]).clamp(-1, 1);
    const module = torch.fx.makeFx(f)(torch.randn([2]));
    const x = torch.randn([2]);
    const [result] = run(module.code)(Object.fromEntries(module.tensors), x) as [Tensor];
    expect(torch.equal(result, f(x))).toBe(true);
  });

  test('nodes are printed', () => {
    const module = torch.fx.makeFx((x: Tensor) => x.sin().mul(2))(torch.randn([3]));
    expect(String(module)).toBe(
      [
        'graph():',
        '    %x0 : float32[3] = placeholder[x0]',
        '    %sin : float32[3] = callFunction[aten.sin.default](%x0)',
        '    %mul : float32[3] = callFunction[aten.mul.Tensor](%sin, 2)',
        '    return [%mul]',
        '',
      ].join('\n'),
    );
  });

  test('JSON, DOT and SVG name every node and edge', () => {
    const module = torch.fx.makeFx(grad(small))(torch.randn([3]));
    const names = module.graph.nodes.map((node) => node.name);
    const json = JSON.parse(JSON.stringify(module)) as { nodes: { name: string; shape?: number[] }[] };
    expect(json.nodes.map((node) => node.name)).toEqual(names);
    expect(json.nodes[0].shape).toEqual([3]);
    const edges = module.graph.nodes.reduce((count, node) => count + node.inputs().length, 0);
    expect(module.toDot().match(/->/g)).toHaveLength(edges);
    expect(module.toSvg().match(/<path/g)).toHaveLength(edges);
    expect(module.toSvg().match(/<rect/g)).toHaveLength(names.length);
  });

  test('nodes can be replaced, inserted and erased', () => {
    const module = torch.fx.makeFx((x: Tensor) => x.sin().mul(2))(torch.randn([3]));
    const { graph } = module;
    const sine = graph.nodes.find((node) => node.target === 'aten.sin.default')!;
    const cosine = graph.insertAfter(sine, () => graph.callFunction(torch.cos, sine.args));
    sine.replaceAllUsesWith(cosine);
    expect(graph.eliminateDeadCode()).toBe(true);
    const x = torch.randn([3]);
    expect(torch.equal(module(x), x.cos().mul(2))).toBe(true);
    const mul = graph.nodes.find((node) => node.target === 'aten.mul.Tensor')!;
    mul.target = 'aten.add.Tensor';
    expect(torch.equal(module(x), x.cos().add(2))).toBe(true);
  });

  test('arguments of other numbers, dtypes, shapes, structures and values are refused', () => {
    const f = (x: Tensor, o: { y: Tensor; n: number }): Tensor => x.mul(o.y).add(o.n);
    const [x, y] = [torch.ones([2]), torch.ones([2, 1])];
    const module = torch.fx.makeFx(f)(x, { y, n: 3 });
    const call = module as (...args: unknown[]) => unknown;
    expect(torch.equal(module(x, { y, n: 3 }), f(x, { y, n: 3 }))).toBe(true);
    expect(() => call(x)).toThrow(
      new TypeError(
        'a graph of fx.makeFx: expected 2 tensors (x0, x1) among the arguments, not 1; record the function again for other arguments',
      ),
    );
    expect(() => call(x, { y, n: 3 }, x)).toThrow('expected 2 tensors (x0, x1) among the arguments, not 3');
    expect(() => call(x, { y: y.to('int64'), n: 3 })).toThrow('x1 must be float32[2, 1], not int64[2, 1]');
    expect(() => call(torch.ones([3]), { y, n: 3 })).toThrow('x0 must be float32[2], not float32[3]');
    expect(() => call(x, { n: 3, y })).toThrow("structure (*, {'y': *, 'n': *}), not (*, {'n': *, 'y': *})");
    expect(() => call(x, { y, n: 4 })).toThrow('the value 3 among the arguments is part of the graph, and cannot be 4');
    // A program may change what the placeholders say.
    for (const node of module.graph.nodes.slice(0, 2)) node.meta = {};
    const wide = torch.ones([5]);
    expect(torch.equal(call(wide, { y, n: 3 }) as Tensor, f(wide, { y, n: 3 }))).toBe(true);
  });

  test('errors of a graph', () => {
    const { graph } = torch.fx.makeFx((x: Tensor) => x.sin().mul(2))(torch.randn([3]));
    const [, sine] = graph.nodes;
    expect(() => graph.eraseNode(sine)).toThrow('still had 1 users');
    const late = graph.insertBefore(graph.nodes[3], () => graph.callFunction('aten.cos.default', [sine]));
    sine.args = [late];
    expect(() => graph.lint()).toThrow("Argument 'cos' of Node 'sin' was used before it has been defined");
    const other = torch.fx.makeFx((x: Tensor) => x.sin())(torch.randn([3]));
    expect(() => graph.eraseNode(other.graph.nodes[1])).toThrow('does not belong to this graph');
    other.graph.nodes[1].target = 'aten.nothing';
    expect(() => other(torch.ones([3]))).toThrow('nothing');
  });
});
