/**
 * The neural tangent kernel of a network in two ways: contracted Jacobians, and products of vjp and jvp.
 *
 *     npm run example -- neural-tangent-kernels
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, part } from './support/check';

const { nn, vmap } = torch;
const { functionalCall, jacrev, jvp, vjp } = torch.func;

torch.setDefaultDtype('float64');
torch.manualSeed(0);

type State = Record<string, Tensor>;

/** A convolutional network with three outputs. */
class Net extends nn.Module {
  conv1 = new nn.Conv2d(2, 4, 3);
  conv2 = new nn.Conv2d(4, 4, 3);
  fc = new nn.Linear(64, 3);

  override forward(x: Tensor): Tensor {
    return this.fc(this.conv2(this.conv1(x).relu()).relu().flatten(1));
  }
}

const net = new Net();
const params = Object.fromEntries(net.namedParameters().map(([name, value]) => [name, value.detach()]));
const outputOfOne = (params: State, x: Tensor): Tensor => functionalCall(net, params, x.unsqueeze(0)).squeeze(0);
const [x1, x2] = [torch.randn(6, 2, 8, 8), torch.randn(4, 2, 8, 8)];

/** The part of the kernel to compute: all pairs of outputs, or sums over equal outputs. */
const EQUATIONS = { full: 'Naf,Mbf->NMab', trace: 'Naf,Maf->NM', diagonal: 'Naf,Maf->NMa' } as const;
type Part = keyof typeof EQUATIONS;

/** J(x1) J(x2)^T: the Jacobians with respect to the parameters, contracted. */
function byJacobians(x1: Tensor, x2: Tensor, part: Part = 'full'): Tensor {
  const jacobians = (x: Tensor): Tensor[] =>
    Object.values(vmap(jacrev(outputOfOne), { inDims: [null, 0] })(params, x)).map((J) => J.flatten(2));
  const [J1, J2] = [jacobians(x1), jacobians(x2)];
  const products = J1.map((J, i) => torch.einsum(EQUATIONS[part], J, J2[i]));
  return products.reduce((sum, product) => sum.add(product));
}

/** The same without Jacobians: J(x1) (J(x2)^T e) for each pair of samples and each unit vector e. */
function byProducts(x1: Tensor, x2: Tensor, part: Part = 'full'): Tensor {
  const ofPair = (x1: Tensor, x2: Tensor): Tensor => {
    const at = (x: Tensor) => (params: State) => outputOfOne(params, x);
    const [output, vjpFn] = vjp(at(x1), params);
    const product = (vector: Tensor): Tensor => {
      const [gradients] = vjpFn(vector);
      return jvp(at(x2), [params], [gradients])[1];
    };
    // Row a is column a of the pair (x2, x1): transposed.
    return vmap(product)(torch.eye(output.numel()));
  };
  const all = vmap(vmap(ofPair, { inDims: [null, 0] }), { inDims: [0, null] })(x1, x2);
  if (part === 'trace') return torch.einsum('NMKK->NM', all);
  return part === 'diagonal' ? torch.einsum('NMKK->NMK', all) : all;
}

part('The kernel of two sets of samples');
const kernel = byJacobians(x1, x2);
checkThat('its shape', kernel.shape.join() === '6,4,3,3', `[${kernel.shape.join(', ')}]`);
check('both methods agree', byProducts(x1, x2), kernel);
check('the traces', byProducts(x1, x2, 'trace'), byJacobians(x1, x2, 'trace'));
check('the diagonals', byProducts(x1, x2, 'diagonal'), byJacobians(x1, x2, 'diagonal'));

part('One entry from gradients with plain autograd');
{
  const gradient = (x: Tensor, output: number): Tensor => {
    const value = net(x.unsqueeze(0)).index(0, output);
    return torch.cat(torch.autograd.grad(value, net.parameters()).map((each) => each.flatten()));
  };
  const entry = gradient(x1.index(2), 1).dot(gradient(x2.index(3), 0));
  check('samples 2 and 3, outputs 1 and 0', kernel.index(2, 3, 1, 0), entry);
}

part('The kernel of a set with itself');
{
  const own = byJacobians(x1, x1);
  check('is symmetric', own, own.permute(1, 0, 3, 2));
  const matrix = own.permute(0, 2, 1, 3).reshape(18, 18);
  const smallest = torch.linalg.eigvalsh(matrix).min().item();
  checkThat('has no negative eigenvalue', smallest > -1e-10, `the smallest is ${smallest.toExponential(1)}`);
}

part('A linear network, whose kernel has a closed form');
{
  // f(x) = W x + b: the outputs a and b of x1 and x2 have the kernel (x1 . x2 + 1) if a = b, else 0.
  const linear = new nn.Linear(5, 2);
  const weights = Object.fromEntries(linear.namedParameters());
  const [a, b] = [torch.randn(3, 5), torch.randn(4, 5)];
  const J = (x: Tensor) =>
    vmap(
      jacrev((p: State, x: Tensor) => functionalCall(linear, p, x)),
      { inDims: [null, 0] },
    )(weights, x);
  const [Ja, Jb] = [J(a), J(b)];
  const got = Object.keys(weights)
    .map((name) => torch.einsum(EQUATIONS.full, Ja[name].flatten(2), Jb[name].flatten(2)))
    .reduce((sum, product) => sum.add(product));
  const expected = torch.einsum('NM,ab->NMab', a.matmul(b.t()).add(1), torch.eye(2));
  check('(x1 . x2 + 1) on the diagonal', got.detach(), expected);
}
