/**
 * The Jacobians of the arm for a file of joint angles: computed by the command `torch-func jacobian`, compared with the
 * geometric Jacobian.
 */

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { npy } from 'torch-func';

import { checkError } from '../support/check';
import { axisDerivative, kinematics, manipulability } from './ur5-geometry';

/** Six matrix products in double precision, with lengths of about a metre. */
const TOLERANCE = 1e-12;

const JOINTS = 6;
/** The pose is a matrix of three rows and four columns: three axes and the position. */
const POSE_COLUMNS = 4;
const JACOBIAN_LENGTH = 3 * POSE_COLUMNS * JOINTS;

/**
 * Runs `torch-func jacobian --fn ur5.ts --input INPUT --output OUTPUT` with further options.
 *
 * @returns the line that it prints: samples, seconds, rate, device, peak memory
 */
export function computeJacobians(input: string, output: string, ...options: string[]): string {
  const fn = path.join(__dirname, 'ur5.ts');
  const args = ['jacobian', '--fn', fn, '--input', input, '--output', output, ...options];
  // Progress and errors appear on the terminal of this program.
  const { status, signal, stdout, error } = spawnSync(process.execPath, [commandPath(), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`torch-func jacobian ended with ${signal ?? `exit code ${status}`}`);
  return stdout.trimEnd();
}

/** The program of the command, as the package declares it. */
function commandPath(): string {
  const file = require.resolve('torch-func/package.json');
  const { bin } = JSON.parse(fs.readFileSync(file, 'utf8')) as { bin: Record<string, string> };
  return path.join(path.dirname(file), bin['torch-func']);
}

/** One configuration, read from the two files. */
interface Configuration {
  readonly angles: Float64Array;
  /** The derivative of pose element (row, column) with respect to a joint. */
  readonly derivative: (row: number, column: number, joint: number) => number;
}

function* configurations(anglesFile: string, jacobiansFile: string, count = Infinity): Generator<Configuration> {
  using angles = npy.NpyReader.open(anglesFile);
  using jacobians = npy.NpyReader.open(jacobiansFile);
  for (let n = 0; n < Math.min(count, angles.rows); n++) {
    const jacobian = jacobians.readRows(n, 1) as Float64Array;
    if (jacobian.length !== JACOBIAN_LENGTH) throw new Error(`a Jacobian of ${jacobian.length} numbers`);
    yield {
      angles: angles.readRows(n, 1) as Float64Array,
      derivative: (row, column, joint) => jacobian[(row * POSE_COLUMNS + column) * JOINTS + joint],
    };
  }
}

/** Compares every number of the result with the geometric Jacobian. */
export function checkJacobians(anglesFile: string, jacobiansFile: string): void {
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
  checkError(`position, ${configurationsText}`, positionError, TOLERANCE);
  checkError(`orientation, ${configurationsText}`, orientationError, TOLERANCE);
}

/** The larger of two errors; NaN if one of them is NaN. */
function worst(a: number, b: number): number {
  return b > a || Number.isNaN(b) ? b : a;
}

/** The manipulability of the first `steps` configurations, from the Jacobians in the file. */
export function manipulabilityAlong(anglesFile: string, jacobiansFile: string, steps: number): number[] {
  const result: number[] = [];
  for (const { angles, derivative } of configurations(anglesFile, jacobiansFile, steps)) {
    const { axes } = kinematics(angles).flange;
    const columns = Array.from({ length: JOINTS }, (_, joint) => {
      // The skew-symmetric matrix of the angular velocity: [w]x = (dR/dq) R^T; entry (i, j) sums over columns of R.
      const turning = (i: number, j: number): number =>
        axes.reduce((sum, axis, k) => sum + derivative(i, k, joint) * axis[j], 0);
      return [...[0, 1, 2].map((row) => derivative(row, 3, joint)), ...[turning(2, 1), turning(0, 2), turning(1, 0)]];
    });
    result.push(manipulability(columns));
  }
  return result;
}
