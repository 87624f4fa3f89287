/**
 * The Jacobian of a robot arm's forward kinematics for a file of joint angles: the job of the
 * command `torch-func jacobian`, and its result held against the geometric Jacobian.
 */

import path from 'node:path';

import { runJacobianJob, type JacobianReport } from '../jobs/jacobian/job';
import { loadFunction } from '../jobs/function/load-function';
import { importModule } from '../jobs/function/load-module';
import { packageRoot } from '../cli/package-info';
import * as torch from '../index';
import { NpyReader } from '../npy/reader';
import type { Check } from './check';
import { axisDerivative, kinematics, manipulability } from './ur5-geometry';

const EXAMPLE = path.join(packageRoot, 'examples', 'robot-arm');

/** Six matrix products in double precision, and lengths of about a metre. */
const TOLERANCE = 1e-12;

const JOINTS = 6;
/** The pose is a matrix of three rows and four columns: three axes and the position. */
const POSE_COLUMNS = 4;
const JACOBIAN_LENGTH = 3 * POSE_COLUMNS * JOINTS;

interface TrajectoryModule {
  makeTrajectories(path: string, trajectories: number, steps: number): void;
}

/** Writes the joint angles of `trajectories` motions with the script beside the example. */
export async function makeTrajectories(file: string, trajectories: number, steps: number): Promise<void> {
  const script = path.join(EXAMPLE, 'make-trajectories.ts');
  const module = (await importModule(script, torch)) as unknown as TrajectoryModule;
  module.makeTrajectories(file, trajectories, steps);
}

/** `torch-func jacobian --fn examples/robot-arm/ur5.ts --input INPUT --output OUTPUT` */
export async function computeJacobians(input: string, output: string): Promise<JacobianReport> {
  const fn = await loadFunction(path.join(EXAMPLE, 'ur5.ts'), torch);
  return runJacobianJob({ fn, input, output });
}

/** What is read from the two files for one configuration. */
interface Configuration {
  readonly angles: Float64Array;
  /** The derivative of pose element (row, column) by a joint. */
  readonly derivative: (row: number, column: number, joint: number) => number;
}

function* configurations(anglesFile: string, jacobiansFile: string, count = Infinity): Generator<Configuration> {
  using angles = NpyReader.open(anglesFile);
  using jacobians = NpyReader.open(jacobiansFile);
  for (let n = 0; n < Math.min(count, angles.rows); n++) {
    const jacobian = jacobians.readRows(n, 1) as Float64Array;
    if (jacobian.length !== JACOBIAN_LENGTH) throw new Error('a Jacobian of another shape');
    yield {
      angles: angles.readRows(n, 1) as Float64Array,
      derivative: (row, column, joint) => jacobian[(row * POSE_COLUMNS + column) * JOINTS + joint],
    };
  }
}

/** Holds every number of the result against the geometric Jacobian. */
export function checkJacobians(anglesFile: string, jacobiansFile: string): Check[] {
  let positionError = 0;
  let orientationError = 0;
  let count = 0;
  for (const { angles, derivative } of configurations(anglesFile, jacobiansFile)) {
    const { flange, jointAxes, linear } = kinematics(angles);
    for (let joint = 0; joint < JOINTS; joint++) {
      const columns = flange.axes.map((axis) => axisDerivative(jointAxes[joint], axis));
      for (let row = 0; row < 3; row++) {
        const difference = (column: number, expected: number): number =>
          Math.abs(derivative(row, column, joint) - expected);
        positionError = worst(positionError, difference(3, linear[joint][row]));
        for (let column = 0; column < 3; column++) {
          orientationError = worst(orientationError, difference(column, columns[column][row]));
        }
      }
    }
    count++;
  }
  const configurationsText = `${count.toLocaleString('en-US')} configurations`;
  return [
    {
      name: `position, ${configurationsText}`,
      error: positionError,
      tolerance: TOLERANCE,
    },
    {
      name: `orientation, ${configurationsText}`,
      error: orientationError,
      tolerance: TOLERANCE,
    },
  ];
}

/** The larger of two errors; NaN, once met, stays. */
function worst(a: number, b: number): number {
  return b > a || Number.isNaN(b) ? b : a;
}

/** The manipulability in the first `steps` configurations, from the Jacobians in the file. */
export function manipulabilityAlong(anglesFile: string, jacobiansFile: string, steps: number): number[] {
  const result: number[] = [];
  for (const { angles, derivative } of configurations(anglesFile, jacobiansFile, steps)) {
    const { axes } = kinematics(angles).flange;
    const columns = Array.from({ length: JOINTS }, (_, joint) => {
      // [w]x = (dR/dq) R^T, whose entry (i, j) sums over the columns of R.
      const turning = (i: number, j: number): number =>
        axes.reduce((sum, axis, k) => sum + derivative(i, k, joint) * axis[j], 0);
      return [...[0, 1, 2].map((row) => derivative(row, 3, joint)), ...[turning(2, 1), turning(0, 2), turning(1, 0)]];
    });
    result.push(manipulability(columns));
  }
  return result;
}
