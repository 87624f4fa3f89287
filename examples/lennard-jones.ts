/**
 * Forces as gradients of an energy: a network learns the Lennard-Jones potential from energies and forces.
 *
 *     npm run example -- lennard-jones
 */

import * as torch from 'torch-func';
import type { Tensor } from 'torch-func';

import { check, checkThat, part } from './support/check';

const { nn, vmap } = torch;
const { functionalCall, grad, gradAndValue, jacrev, hessian } = torch.func;

torch.setDefaultDtype('float64');
torch.manualSeed(0);
// The tensors are small: with several threads, synchronization would cost more than it saves.
torch.setNumThreads(1);

type State = Record<string, Tensor>;

const [epsilon, sigma] = [1, 1];

/** The energy of two particles at a distance r. */
function lennardJones(r: Tensor): Tensor {
  const attraction = r.reciprocal().mul(sigma).pow(6);
  return attraction
    .square()
    .sub(attraction)
    .mul(4 * epsilon);
}

/** Minus its derivative, in closed form. */
function lennardJonesForce(r: Tensor): Tensor {
  const attraction = r.reciprocal().mul(sigma).pow(6);
  return attraction
    .square()
    .mul(2)
    .sub(attraction)
    .mul(24 * epsilon)
    .div(r);
}

/** The energy of two particles as a function of the vector between them. */
const pairEnergy = (vector: Tensor): Tensor =>
  lennardJones(vector.square().sum(-1, { keepdim: true }).sqrt()).squeeze(-1);

/** The forces, minus the gradient of the energy of one pair, for many pairs. */
const forcesOf = (energy: (vector: Tensor) => Tensor, vectors: Tensor): Tensor => vmap(grad(energy))(vectors).neg();

part('Forces with grad');
const distances = torch.linspace(0.9, 3, 60).unsqueeze(1);
const directions = torch.randn(60, 3);
const vectors = distances.mul(directions.div(directions.norm({ dim: 1, keepdim: true })));
const energies = pairEnergy(vectors);
const forces = forcesOf(pairEnergy, vectors);
{
  const byHand = vectors.div(distances).mul(lennardJonesForce(distances));
  check('a force for each pair, against the formula', forces, byHand, 1e-9);
  const equilibrium = torch.tensor([2 ** (1 / 6) * sigma, 0, 0]);
  check('none at the equilibrium', grad(pairEnergy)(equilibrium), torch.zeros(3), 1e-12);
  check('where the energy is the depth of the well', pairEnergy(equilibrium), torch.tensor(-epsilon));
}

part('A cluster of particles');
{
  const count = 7;
  const positions = torch.rand(count, 3).mul(2).add(torch.arange(count).unsqueeze(1));
  const [i, j] = torch.triuIndices(count, count, 1);
  const energy = (positions: Tensor): Tensor => pairEnergy(positions.index(i).sub(positions.index(j))).sum();
  const total = grad(energy)(positions).neg();
  check('the forces cancel', total.sum(0), torch.zeros(3), 1e-9);
  const torque = torch.linalg.cross(positions, total).sum(0);
  check('and so do their torques', torque, torch.zeros(3), 1e-9);
  const stiffness = hessian(energy)(positions).reshape(3 * count, 3 * count);
  check(
    'the stiffness is minus the Jacobian of the forces',
    jacrev((x: Tensor) => grad(energy)(x).neg())(positions).reshape(3 * count, 3 * count),
    stiffness.neg(),
    1e-8,
  );
  check(
    'moving all of it costs nothing',
    stiffness.matmul(torch.ones(count, 3).flatten()),
    torch.zeros(3 * count),
    1e-8,
  );
}

part('A network that learns energies and forces');
{
  const net = new nn.Sequential(
    new nn.Linear(1, 16),
    new nn.Tanh(),
    new nn.Linear(16, 16),
    new nn.Tanh(),
    new nn.Linear(16, 1),
  );
  const predict = (params: State, vector: Tensor): Tensor => {
    const distance = vector.square().sum(-1, { keepdim: true }).sqrt();
    return functionalCall(net, params, distance).squeeze(-1);
  };
  const predictForces = (params: State, vectors: Tensor): Tensor =>
    vmap(grad(predict, { argnums: 1 }), { inDims: [null, 0] })(params, vectors).neg();
  // Forces are derivatives with respect to positions, and the loss is differentiated with respect to parameters: grad
  // of grad.
  const loss = (params: State): Tensor => {
    const ofEnergies = predict(params, vectors).sub(energies).square().mean();
    return ofEnergies.add(predictForces(params, vectors).sub(forces).square().sum(1).mean().mul(0.1));
  };

  let params: State = Object.fromEntries(net.namedParameters().map(([name, value]) => [name, value.detach()]));
  {
    const x = vectors.index(20);
    const h = 1e-6;
    const shift = (k: number) => torch.eye(3).index(k).mul(h);
    const quotients = [0, 1, 2].map((k) =>
      predict(params, x.add(shift(k)))
        .sub(predict(params, x.sub(shift(k))))
        .div(-2 * h),
    );
    check(
      "the network's forces, against difference quotients",
      predictForces(params, x.unsqueeze(0)).squeeze(0),
      torch.stack(quotients),
      1e-7,
    );
    const byBackward = torch.autograd.grad(lossByAutograd(), net.parameters());
    const byFunc = grad(loss)(params);
    Object.values(byFunc).forEach((value, k) => {
      check(`gradient of the loss by ${Object.keys(byFunc)[k]}, against autograd.grad`, value, byBackward[k], 1e-9);
    });
  }

  // The loss with plain autograd: forces with createGraph.
  function lossByAutograd(): Tensor {
    const inputs = vectors.clone().requiresGrad_();
    const predicted = net(inputs.square().sum(-1, { keepdim: true }).sqrt()).squeeze(-1);
    const [gradient] = torch.autograd.grad(predicted.sum(), [inputs], { createGraph: true });
    const ofEnergies = predicted.sub(energies).square().mean();
    return ofEnergies.add(gradient.neg().sub(forces).square().sum(1).mean().mul(0.1));
  }

  const [rate, beta1, beta2] = [0.02, 0.9, 0.999];
  const moments = new Map(
    Object.entries(params).map(([name, value]) => [name, [torch.zerosLike(value), torch.zerosLike(value)]]),
  );
  const losses: number[] = [];
  for (let step = 1; step <= 150; step++) {
    const [gradients, value] = gradAndValue(loss)(params);
    losses.push(value.item());
    params = Object.fromEntries(
      Object.entries(params).map(([name, parameter]) => {
        const [m0, v0] = moments.get(name)!;
        const m = m0.mul(beta1).add(gradients[name].mul(1 - beta1));
        const v = v0.mul(beta2).add(gradients[name].square().mul(1 - beta2));
        moments.set(name, [m, v]);
        return [
          name,
          parameter.sub(
            m
              .div(1 - beta1 ** step)
              .div(
                v
                  .div(1 - beta2 ** step)
                  .sqrt()
                  .add(1e-8),
              )
              .mul(rate),
          ),
        ];
      }),
    );
  }
  const [first, last] = [losses[0], losses.at(-1)!];
  checkThat('the loss falls to a twentieth', last < first / 20, `${first.toFixed(2)} to ${last.toFixed(3)}`);

  net.loadStateDict(params);
  const learned = (vector: Tensor): Tensor => predict(params, vector);
  const error = forcesOf(learned, vectors).sub(forces).norm({ dim: 1 });
  const scale = forces.norm({ dim: 1 });
  checkThat(
    'the forces it gives are near the true ones',
    error.mean().item() < 0.25 * scale.mean().item(),
    `off by ${(100 * error.mean().div(scale.mean()).item()).toFixed(0)} % in the mean`,
  );
}
