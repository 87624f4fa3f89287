/** `torch.nn.utils`: gradients, parameters as vectors, fused layers, parametrizations, as PyTorch computes them. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some } from '../support/parity/cases';
import { addParametrizationCases } from './utils/parametrizations';

const { nn } = torch;
const { utils } = nn;

function withGradients(...grads: Tensor[]): Tensor[] {
  return grads.map((grad) => {
    const parameter = torch.zerosLike(grad).requiresGrad_();
    parameter.grad = grad.clone();
    return parameter;
  });
}

const PYTHON = `
def params(*grads):
    ps = [torch.zeros_like(g).requires_grad_() for g in grads]
    for p, g in zip(ps, grads):
        p.grad = g.clone()
    return ps
`;

parity('torch.nn.utils', (cases) => {
  cases.group('gradients', () => {
    cases.inputs({ g: some([4, 3]), h: some([5], 'float32', 2), nan: some([2], 'float64', 3) });
    for (const [python, options] of [
      ['1.5', []],
      ['1.5, 1.0', [1]],
      ['0.5, float("inf")', [Infinity]],
      ['100.0, norm_type=3.0, error_if_nonfinite=True', [{ normType: 3, errorIfNonfinite: true }]],
      ['1.5, foreach=False', [{ foreach: false }]],
    ] as const) {
      cases.add(
        `${PYTHON}
ps = params(g, h)
norm = torch.nn.utils.clip_grad_norm_(ps, ${python})
return [norm, *(p.grad for p in ps)]`,
        ({ g, h }) => {
          const params = withGradients(g, h);
          const maxNorm = Number(/^[\d.]+/.exec(python)![0]);
          const norm = utils.clipGradNorm_(params, maxNorm, ...(options as unknown as [number]));
          return [norm, ...params.map((param) => param.grad)];
        },
        { name: `clipGradNorm_(${python})`, tolerance: 0 },
      );
    }
    cases.add(
      `${PYTHON}\np = params(g / 0)[0]\nreturn torch.nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)`,
      ({ g }) => utils.clipGradNorm_(withGradients(g.div(0))[0], 1, { errorIfNonfinite: true }),
      { name: 'clipGradNorm_ of infinite gradients, as an error' },
    );
    cases.add('torch.nn.utils.clip_grad_norm_([g, h], 1.0)', ({ g, h }) => utils.clipGradNorm_([g, h], 1), {
      name: 'clipGradNorm_ without gradients',
    });
    cases.add('torch.nn.utils.get_total_norm([g, h], 3.0)', ({ g, h }) => utils.getTotalNorm([g, h], 3), {
      tolerance: 0,
    });
    cases.add(
      `${PYTHON}
ps = params(g, h)
torch.nn.utils.clip_grads_with_norm_(ps, 2.0, torch.tensor(5.0))
torch.nn.utils.clip_grad_value_(ps[0], 0.3)
return [p.grad for p in ps]`,
      ({ g, h }) => {
        const params = withGradients(g, h);
        utils.clipGradsWithNorm_(params, 2, torch.tensor(5));
        utils.clipGradValue_(params[0], 0.3);
        return params.map((param) => param.grad);
      },
      { name: 'clipGradsWithNorm_ and clipGradValue_', tolerance: 0 },
    );
  });

  cases.group('parameters as vectors', () => {
    cases.inputs({ v: some([9]), w: some([3, 2]), b: some([3], 'float64', 4) });
    cases.add(
      `w.requires_grad_()
x = torch.nn.utils.parameters_to_vector([w, b])
return [x, torch.autograd.grad((x * x).sum(), w)[0]]`,
      ({ w, b }) => {
        w.requiresGrad_();
        const x = utils.parametersToVector([w, b]);
        return [x, torch.autograd.grad(x.mul(x).sum(), w)[0]];
      },
    );
    cases.add(
      `ps = [torch.nn.Parameter(w), torch.nn.Parameter(b)]
torch.nn.utils.vector_to_parameters(v, ps)
v[0] = 7
return [*ps, [p.requires_grad for p in ps]]`,
      ({ v, w, b }) => {
        const params = [new nn.Parameter(w), new nn.Parameter(b)];
        utils.vectorToParameters(v, params);
        v.indexPut_([0], 7);
        return [...params, params.map((param) => param.requiresGrad)];
      },
    );
    cases.add('torch.nn.utils.vector_to_parameters([1], [w])', ({ w }) => {
      utils.vectorToParameters([1] as never, [w]);
    });
  });

  cases.group('fused layers', () => {
    cases.inputs({ x: some([2, 4, 9]), y: some([5, 4]) });
    const NORM = `
norm = nn.BatchNorm1d(6, affine=AFFINE).double()
with torch.no_grad():
    for i, t in enumerate(list(norm.parameters()) + [norm.running_mean, norm.running_var]):
        t.copy_(torch.arange(6.0) / 5 + i + 0.5)
norm.eval()
`;
    const normOf = (affine: boolean): torch.nn.BatchNorm1d => {
      const norm = new nn.BatchNorm1d(6, { affine }).double();
      torch.noGrad(() => {
        [...norm.parameters(), norm.runningMean!, norm.runningVar!].forEach((tensor, i) =>
          tensor.copy_(torch.arange(6, { dtype: 'float32' }).div(5).add(i).add(0.5)),
        );
      });
      return norm.eval();
    };
    for (const [affine, bias] of [
      [true, true],
      [false, false],
    ] as const) {
      const python = (value: boolean): string => (value ? 'True' : 'False');
      cases.add(
        `${NORM.replace('AFFINE', python(affine))}
conv = nn.Conv1d(4, 6, 3, stride=2, padding=1, groups=2, bias=${python(bias)}).double().eval()
fused = torch.nn.utils.fuse_conv_bn_eval(conv, norm)
return [fused.weight, fused.bias, fused(x), norm(conv(x)), fused.training, [p.requires_grad for p in fused.parameters()]]`,
        ({ x }) => {
          const norm = normOf(affine);
          const conv = new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1, groups: 2, bias }).double().eval();
          const fused = utils.fuseConvBnEval(conv, norm);
          const requires = fused.parameters().map((parameter) => parameter.requiresGrad);
          return [fused.weight, fused.bias, fused(x), norm(conv(x)), fused.training, requires];
        },
        { name: `fuseConvBnEval, affine: ${affine}, bias: ${bias}` },
      );
    }
    cases.add(
      `${NORM.replace('AFFINE', 'True')}
linear = nn.Linear(4, 6).double().eval()
fused = torch.nn.utils.fuse_linear_bn_eval(linear, norm)
return [fused.weight, fused.bias, fused(y), norm(linear(y))]`,
      ({ y }) => {
        const norm = normOf(true);
        const linear = new nn.Linear(4, 6).double().eval();
        const fused = utils.fuseLinearBnEval(linear, norm);
        return [fused.weight, fused.bias, fused(y), norm(linear(y))];
      },
    );
    cases.add(
      `${NORM.replace('AFFINE', 'True')}
conv = nn.ConvTranspose1d(4, 6, 3, stride=2, output_padding=1).double().eval()
fused = torch.nn.utils.fuse_conv_bn_eval(conv, norm, transpose=True)
return [fused.weight, fused.bias, fused(x), norm(conv(x))]`,
      ({ x }) => {
        const norm = normOf(true);
        const conv = new nn.ConvTranspose1d(4, 6, 3, { stride: 2, outputPadding: 1 }).double().eval();
        const fused = utils.fuseConvBnEval(conv, norm, true);
        return [fused.weight, fused.bias, fused(x), norm(conv(x))];
      },
      { name: 'fuseConvBnEval of a transposed convolution' },
    );
    cases.add('torch.nn.utils.fuse_conv_bn_eval(nn.Conv1d(4, 6, 3), nn.BatchNorm1d(6))', () =>
      utils.fuseConvBnEval(new nn.Conv1d(4, 6, 3), new nn.BatchNorm1d(6)),
    );
    cases.add('torch.nn.utils.fuse_linear_bn_eval(nn.Linear(4, 6).eval(), nn.BatchNorm1d(5).eval())', () =>
      utils.fuseLinearBnEval(new nn.Linear(4, 6).eval(), new nn.BatchNorm1d(5).eval()),
    );
    cases.add(
      `l = torch.nn.utils.skip_init(nn.Linear, 3, 4, bias=False, dtype=torch.float64)
return [list(l.weight.shape), l.weight.dtype, l.weight.device.type, l.bias, torch.rand(1)]`,
      () => {
        const layer = utils.skipInit(nn.Linear, 3, 4, { bias: false, dtype: 'float64' });
        return [layer.weight.shape, layer.weight.dtype, layer.weight.device.type, layer.bias, torch.rand(1)];
      },
    );
  });

  cases.group('parametrizations', () => addParametrizationCases(cases));
});
