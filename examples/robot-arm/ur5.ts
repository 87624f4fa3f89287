/**
 * The forward kinematics of a UR5 arm: six joint angles in, the pose of the tool flange out.
 *
 *     torch-func jacobian --fn examples/robot-arm/ur5.ts --input joints.npy --output J.npy
 *
 * joints.npy has shape (N, 6), in radians; make-trajectories.ts writes such a file. The pose is the matrix [R | p] of
 * shape (3, 4): the axes of the flange as columns, and its position in metres. J.npy then has shape (N, 3, 4, 6), and
 * J[n, :, 3, :] is the linear Jacobian of robotics.
 */

import type { Tensor } from 'torch-func';

type Torch = typeof import('torch-func');

/** The Denavit-Hartenberg parameters that the manufacturer publishes, in metres. */
const a = [0, -0.425, -0.39225, 0, 0, 0];
const d = [0.089159, 0, 0, 0.10915, 0.09465, 0.0823];
// cos(alpha) and sin(alpha) for alpha = pi/2, 0, 0, pi/2, -pi/2, 0.
const cosAlpha = [0, 1, 1, 0, 0, 1];
const sinAlpha = [1, 0, 0, 1, -1, 0];

const joints = [0, 1, 2, 3, 4, 5];

// The transform of a joint by the angle q is cosPart * cos(q) + sinPart * sin(q) + fixedPart.
const cosPart = joints.map((i) => [
  [1, 0, 0, a[i]],
  [0, cosAlpha[i], -sinAlpha[i], 0],
  [0, 0, 0, 0],
  [0, 0, 0, 0],
]);
const sinPart = joints.map((i) => [
  [0, -cosAlpha[i], sinAlpha[i], 0],
  [1, 0, 0, a[i]],
  [0, 0, 0, 0],
  [0, 0, 0, 0],
]);
const fixedPart = joints.map((i) => [
  [0, 0, 0, 0],
  [0, 0, 0, 0],
  [0, sinAlpha[i], cosAlpha[i], d[i]],
  [0, 0, 0, 1],
]);

export default function flangePose(q: Tensor, torch: Torch): Tensor {
  const constant = (values: number[][][]): Tensor => torch.tensor(values, { dtype: q.dtype, device: q.device });
  const cos = q.cos().reshape([6, 1, 1]);
  const sin = q.sin().reshape([6, 1, 1]);
  const transforms = cos
    .mul(constant(cosPart))
    .add(sin.mul(constant(sinPart)))
    .add(constant(fixedPart));
  const pose = transforms.unbind(0).reduce((chain, joint) => chain.matmul(joint));
  return pose.narrow(0, 0, 3);
}
