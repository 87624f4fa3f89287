/**
 * The geometric Jacobian of a UR5 arm by textbook kinematics, in plain numbers: the reference for libtorch's derivatives.
 * Nothing here is differentiated.
 */

type Vector = readonly [number, number, number];

/** Columns x, y, z of a rotation, and the origin. */
interface Frame {
  readonly axes: readonly [Vector, Vector, Vector];
  readonly origin: Vector;
}

/** One row of the Denavit-Hartenberg table: lengths in metres, the twist alpha in radians. */
interface Link {
  readonly a: number;
  readonly d: number;
  readonly alpha: number;
}

/** The values that the manufacturer publishes. */
const UR5: readonly Link[] = [
  { a: 0, d: 0.089159, alpha: Math.PI / 2 },
  { a: -0.425, d: 0, alpha: 0 },
  { a: -0.39225, d: 0, alpha: 0 },
  { a: 0, d: 0.10915, alpha: Math.PI / 2 },
  { a: 0, d: 0.09465, alpha: -Math.PI / 2 },
  { a: 0, d: 0.0823, alpha: 0 },
];

/** The kinematics of one configuration. */
export interface Kinematics {
  /** The frame of the flange. */
  readonly flange: Frame;
  /** The rotation axis of each joint. */
  readonly jointAxes: readonly Vector[];
  /** The derivative of the flange's position with respect to each joint: z x (p - p_joint). */
  readonly linear: readonly Vector[];
}

/** The kinematics of the arm for six joint angles. */
export function kinematics(angles: ArrayLike<number>): Kinematics {
  let frame: Frame = {
    axes: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    origin: [0, 0, 0],
  };
  const frames = [frame];
  UR5.forEach((link, joint) => {
    frame = follow(frame, link, angles[joint]);
    frames.push(frame);
  });
  const turning = frames.slice(0, -1);
  return {
    flange: frame,
    jointAxes: turning.map(({ axes }) => axes[2]),
    linear: turning.map(({ axes, origin }) => cross(axes[2], subtract(frame.origin, origin))),
  };
}

/** The derivative of an axis of the flange with respect to a joint that rotates about `jointAxis`. */
export function axisDerivative(jointAxis: Vector, flangeAxis: Vector): Vector {
  return cross(jointAxis, flangeAxis);
}

/**
 * Yoshikawa's manipulability sqrt(det(J J^T)) of a geometric Jacobian: the distance from a configuration in which the
 * arm cannot move or rotate in some direction.
 *
 * @param columns the linear and the angular part for each of six joints
 */
export function manipulability(columns: readonly (readonly number[])[]): number {
  // For a square J this is |det J|, which is also |det J^T|.
  return Math.abs(determinant(columns));
}

/** The frame at the far end of a link, with its joint rotated about z by q. */
function follow({ axes: [x, y, z], origin }: Frame, { a, d, alpha }: Link, q: number): Frame {
  const [cosQ, sinQ, cosA, sinA] = [Math.cos(q), Math.sin(q), Math.cos(alpha), Math.sin(alpha)];
  const turnedX = combine(cosQ, x, sinQ, y);
  const turnedY = combine(-sinQ, x, cosQ, y);
  const along = combine(a, turnedX, d, z);
  return {
    axes: [turnedX, combine(cosA, turnedY, sinA, z), combine(-sinA, turnedY, cosA, z)],
    origin: [origin[0] + along[0], origin[1] + along[1], origin[2] + along[2]],
  };
}

function combine(s: number, u: Vector, t: number, v: Vector): Vector {
  return [s * u[0] + t * v[0], s * u[1] + t * v[1], s * u[2] + t * v[2]];
}

function subtract(u: Vector, v: Vector): Vector {
  return combine(1, u, -1, v);
}

function cross(u: Vector, v: Vector): Vector {
  return [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
}

/** By Gaussian elimination with partial pivoting. */
function determinant(matrix: readonly (readonly number[])[]): number {
  const rows = matrix.map((row) => [...row]);
  let result = 1;
  for (let k = 0; k < rows.length; k++) {
    let pivot = k;
    for (let i = k + 1; i < rows.length; i++) {
      if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
    }
    if (rows[pivot][k] === 0) return 0;
    if (pivot !== k) {
      [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
      result = -result;
    }
    result *= rows[k][k];
    for (let i = k + 1; i < rows.length; i++) {
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j < rows.length; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  return result;
}
