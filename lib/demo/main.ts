/** `npm run demo`: derivatives whose right values are known, and the rate at which they come. */

import fs from 'node:fs';
import path from 'node:path';

import { keepFreedMemory } from '../jobs/process-memory';
import { summaryLine } from '../cli/jacobian/summary';
import { packageRoot } from '../cli/package-info';
import { report } from './check';
import { linePlot } from './line-plot';
import { notebookChecks } from './notebook';
import { checkJacobians, computeJacobians, makeTrajectories, manipulabilityAlong } from './robot-arm';

const TRAJECTORIES = 100;
const STEPS = 1000;
const SECONDS_PER_STEP = 0.01;

async function main(): Promise<void> {
  keepFreedMemory();
  const folder = path.join(packageRoot, 'demo-output');
  fs.mkdirSync(folder, { recursive: true });
  const inFolder = (name: string): string => path.join(folder, name);
  const [joints, jacobians, plot] = ['joints.npy', 'jacobians.npy', 'manipulability.svg'].map(inFolder);

  console.log('The functions of the torch.func notebook, 1,000 samples each');
  const notebook = notebookChecks().map(report);

  console.log('\nForward kinematics of a UR5 arm: d(position, orientation) / d(six joint angles)');
  await makeTrajectories(joints, TRAJECTORIES, STEPS);
  const summary = await computeJacobians(joints, jacobians);
  console.log(`  ${summaryLine(summary)}`);
  const arm = checkJacobians(joints, jacobians).map(report);

  const values = manipulabilityAlong(joints, jacobians, STEPS);
  const svg = linePlot({
    title: 'Manipulability of a UR5 along one trajectory',
    subtitle: 'sqrt(det(J Jᵀ)) of the geometric Jacobian; at 0 the arm is in a singular position',
    xLabel: 'time in seconds',
    yLabel: 'manipulability in m³',
    x: values.map((_, step) => step * SECONDS_PER_STEP),
    y: values,
  });
  fs.writeFileSync(plot, svg);
  console.log(`  plot: ${path.relative(process.cwd(), plot)}`);

  if (![...notebook, ...arm].every(Boolean)) throw new Error('a check failed');
  console.log('\nAll checks passed.');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? `\ndemo: ${error.message}` : error);
  process.exitCode = 1;
});
