/**
 * Writes joint angles for ur5.ts: smooth motions of a six-joint arm, sampled at 100 Hz.
 *
 *     npx jiti examples/robot-arm/make-trajectories.ts joints.npy [trajectories] [steps]
 *
 * writes an array of shape (trajectories * steps, 6), float64, in radians. Default: 100 trajectories of 1,000 steps
 * (10 seconds). Nothing is random: the same arguments give the same bytes. Each joint swings around a centre as a sum of
 * three sines whose frequencies, amplitudes and phases differ between joints and trajectories.
 */

import { npy } from 'torch-func';

const JOINTS = 6;
const SECONDS_PER_STEP = 0.01;

/** A number in [0, 1) that looks random, for a pair of counters. */
function scattered(trajectory: number, k: number): number {
  // Multiples of these two irrational numbers cover the interval evenly (Roberts' R2 sequence).
  const value = (trajectory + 1) * 0.7548776662466927 + (k + 1) * 0.5698402909980532;
  return value - Math.floor(value);
}

/** The angles of one joint during one trajectory. */
function swing(trajectory: number, joint: number): (time: number) => number {
  const part = (k: number): number => scattered(trajectory, joint * 10 + k);
  const centre = (2 * part(0) - 1) * Math.PI * 0.5;
  const sines = [1, 2, 3].map((harmonic) => ({
    frequency: 2 * Math.PI * harmonic * (0.05 + 0.05 * part(harmonic)),
    amplitude: (0.4 + 0.8 * part(3 + harmonic)) / harmonic,
    phase: 2 * Math.PI * part(6 + harmonic),
  }));
  return (time) =>
    sines.reduce(
      (angle, { frequency, amplitude, phase }) => angle + amplitude * Math.sin(frequency * time + phase),
      centre,
    );
}

/** Writes the file, one trajectory at a time. */
export function makeTrajectories(path: string, trajectories = 100, steps = 1000): void {
  using writer = npy.NpyWriter.create(path, {
    dtype: 'float64',
    shape: [trajectories * steps, JOINTS],
  });
  for (let trajectory = 0; trajectory < trajectories; trajectory++) {
    const swings = Array.from({ length: JOINTS }, (_, joint) => swing(trajectory, joint));
    const angles = new Float64Array(steps * JOINTS);
    for (let step = 0; step < steps; step++) {
      for (let joint = 0; joint < JOINTS; joint++) {
        angles[step * JOINTS + joint] = swings[joint](step * SECONDS_PER_STEP);
      }
    }
    writer.write(angles);
  }
  writer.finish();
}

// As a program, not as an import.
if (process.argv[1]?.endsWith('make-trajectories.ts')) {
  const [path = 'joints.npy', trajectories = '100', steps = '1000'] = process.argv.slice(2);
  makeTrajectories(path, Number(trajectories), Number(steps));
}
