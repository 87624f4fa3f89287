/**
 * 100,000 Jacobians of a robot arm with the command `torch-func jacobian`, compared with the closed form.
 *
 *     npm run demo
 *
 * The program first checks functions of PyTorch's introduction to torch.func. Then it computes the derivative of the pose
 * of a UR5 arm with respect to its joint angles along 100 trajectories, first operator by operator and then compiled,
 * compares every number with the geometric Jacobian, and plots the manipulability along one trajectory. The files are in
 * `output/` beside this program.
 */

import fs from 'node:fs';
import path from 'node:path';

import { part } from '../support/check';
import { checkJacobians, computeJacobians, manipulabilityAlong } from './jacobians';
import { linePlot } from './line-plot';
import { makeTrajectories } from './make-trajectories';
import { checkNotebook } from './notebook';

const TRAJECTORIES = 100;
const STEPS = 1000;
const SECONDS_PER_STEP = 0.01;

const folder = path.join(__dirname, 'output');
fs.mkdirSync(folder, { recursive: true });
const [joints, jacobians, plot] = ['joints.npy', 'jacobians.npy', 'manipulability.svg'].map((name) =>
  path.join(folder, name),
);

console.log('The functions of the torch.func notebook, 1,000 samples each');
checkNotebook();

part('Forward kinematics of a UR5 arm: d(position, orientation) / d(six joint angles)');
makeTrajectories(joints, TRAJECTORIES, STEPS);
console.log(`  operator by operator: ${computeJacobians(joints, jacobians, '--no-compile')}`);
checkJacobians(joints, jacobians);
console.log(`  compiled: ${computeJacobians(joints, jacobians)}`);
checkJacobians(joints, jacobians);

const values = manipulabilityAlong(joints, jacobians, STEPS);
const svg = linePlot({
  title: 'Manipulability of a UR5 along one trajectory',
  subtitle: 'sqrt(det(J Jᵀ)) of the geometric Jacobian; 0 at a singular configuration',
  xLabel: 'time in seconds',
  yLabel: 'manipulability in m³',
  x: values.map((_, step) => step * SECONDS_PER_STEP),
  y: values,
});
fs.writeFileSync(plot, svg);
console.log(`  plot: ${path.relative(process.cwd(), plot)}`);

console.log(process.exitCode ? '\nA check failed.' : '\nAll checks passed.');
