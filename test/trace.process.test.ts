/** TORCH_FUNC_TRACE=1, in processes of its own: the variable is read when the addon is loaded. */

import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

const root = path.resolve(__dirname, '..');

interface Line {
  level: string;
  indentation: number;
  call: string;
  micros: number;
}

function run(program: string, trace?: string): { status: number | null; stdout: string; stderr: string } {
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_NO_WARNINGS: '1' };
  delete env.TORCH_FUNC_TRACE;
  if (trace !== undefined) env.TORCH_FUNC_TRACE = trace;
  const prelude = `const torch = require(${JSON.stringify(root)}); const { grad, jvp } = torch.func; const { vmap } = torch;`;
  return spawnSync(process.execPath, ['-e', `${prelude}\n${program}`], { encoding: 'utf8', env, timeout: 50_000 });
}

function trace(program: string): { lines: Line[]; stdout: string } {
  const { status, stdout, stderr } = run(program, '1');
  const lines = stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^torch-func: \[(\d+(?::\w+)?)\] ( *)(\S.*) (\d+\.\d) us$/.exec(line);
      if (match === null) throw new Error(`not a line of the trace: ${line}`);
      return { level: match[1], indentation: match[2].length, call: match[3], micros: Number(match[4]) };
    });
  expect(status).toBe(0);
  return { lines, stdout };
}

const at = (lines: readonly Line[], name: string) =>
  lines.filter(({ call }) => /^aten::(\w+)/.exec(call)?.[1] === name);

test('an operator is printed with its overload, dtypes, shapes, other arguments and time', () => {
  const { lines } = trace(`
    const x = torch.ones(2, 3), i = torch.tensor([0n, 1n]);
    x.add(x, { alpha: 2 }); x.sum(1, { keepdim: true }); torch.cat([x, x]); x.indexSelect(1, i); x.std();`);
  const calls = lines.filter(({ indentation }) => indentation === 0).map(({ call }) => call);
  expect(calls).toEqual(
    expect.arrayContaining([
      'aten::add.Tensor(float32[2, 3], float32[2, 3], 2)',
      'aten::sum.dim_IntList(float32[2, 3], [1], true, null)',
      'aten::cat([float32[2, 3], float32[2, 3]], 0)',
      'aten::index_select(float32[2, 3], 1, int64[2])',
      'aten::std.correction(float32[2, 3], null, null, false)',
    ]),
  );
  expect(lines.every(({ level }) => level === '0')).toBe(true);
});

test('what an operator calls is indented and comes before it; its time is a part', () => {
  const { lines } = trace('torch.ones(4, 4).softmax(0);');
  const softmax = lines.findIndex(({ call }) => call.startsWith('aten::softmax.int('));
  const inner = lines.findIndex(({ call }) => call.startsWith('aten::_softmax('));
  expect(inner).toBeGreaterThanOrEqual(0);
  expect(inner).toBeLessThan(softmax);
  expect(lines[inner].indentation).toBe(lines[softmax].indentation + 2);
  expect(lines[inner].micros).toBeLessThanOrEqual(lines[softmax].micros);
});

test('a level stands with each line, and the shapes are those of the level', () => {
  const { lines } = trace('vmap(grad((x) => x.sin().sum()))(torch.ones(5, 3));');
  expect(at(lines, 'sin').map(({ level, call }) => `${level} ${call}`)).toEqual(
    expect.arrayContaining([
      '2:grad aten::sin(float32[3])',
      '1:vmap aten::sin(float32[3])',
      '0 aten::sin(float32[5, 3])',
    ]),
  );
  const [outermost] = at(lines, 'sin').slice(-1);
  expect(outermost.level).toBe('2:grad');
});

test('an operator that throws is printed, and those after it are not indented', () => {
  const { lines, stdout } = trace(`
    const x = torch.ones(2, 3);
    try { x.matmul(torch.ones(4)); } catch (error) { console.log(error.name); }
    try { vmap((y) => y.item())(x); } catch (error) { console.log(error.name); }
    x.cos();`);
  expect(stdout).toBe('RuntimeError\nRuntimeError\n');
  expect(at(lines, 'matmul')).toHaveLength(1);
  expect(at(lines, 'cos')).toMatchObject([{ level: '0', indentation: 0 }]);
});

test('callbacks of the engine into JavaScript are traced inside the backward pass', () => {
  const { lines, stdout } = trace(`
    const x = torch.ones([3], { requiresGrad: true });
    const y = x.mul(2);
    y.registerHook((g) => { try { g.matmul(torch.ones(4)); } catch {} return g.exp(); });
    y.sum().backward();
    x.tan();
    console.log(x.grad.toArray().length);`);
  expect(stdout).toBe('3\n');
  expect(at(lines, 'exp')).toHaveLength(1);
  expect(at(lines, 'tan')).toMatchObject([{ indentation: 0 }]);
});

test('nested and undefined tensors, and tensors in worker threads', () => {
  const { lines } = trace(`
    torch.ops.aten._nested_tensor_from_tensor_list([torch.ones(2, 3), torch.ones(4, 3)]).sin();
    const { Worker } = require('worker_threads');
    new Worker("require(" + JSON.stringify(${JSON.stringify(root)}) + ").ones(2).tanh();", { eval: true });`);
  expect(at(lines, 'sin').map(({ call }) => call)).toContain('aten::sin(float32[nested])');
  expect(at(lines, 'tanh')).toHaveLength(1);
});

test.each([undefined, '', '0'])('nothing is printed with TORCH_FUNC_TRACE=%s', (value) => {
  expect(run('torch.ones(2).sin(); console.log("done");', value)).toMatchObject({
    status: 0,
    stdout: 'done\n',
    stderr: '',
  });
});
