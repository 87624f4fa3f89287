import { ticks, linePlot } from '../examples/robot-arm/line-plot';
import { axisDerivative, kinematics, manipulability } from '../examples/robot-arm/ur5-geometry';

const ANGLES = [
  [0, 0, 0, 0, 0, 0],
  [0.3, -1.2, 1.9, 0.4, -0.8, 2.2],
  [-2.5, 0.7, -0.6, 1.1, 1.5, -0.2],
];

describe('the closed-form kinematics of the arm', () => {
  test('the flange at zero angles is where the data sheet puts it', () => {
    const { flange } = kinematics(ANGLES[0]);
    expect(flange.origin[0]).toBeCloseTo(-0.425 - 0.39225, 12);
    expect(flange.origin[1]).toBeCloseTo(-0.10915 - 0.0823, 12);
    expect(flange.origin[2]).toBeCloseTo(0.089159 - 0.09465, 12);
  });

  test.each(ANGLES.map((angles) => [angles]))('agrees with differences at %j', (angles) => {
    const step = 1e-6;
    const { flange, jointAxes, linear } = kinematics(angles);
    for (let joint = 0; joint < 6; joint++) {
      const shifted = (by: number) => kinematics(angles.map((q, i) => (i === joint ? q + by : q))).flange;
      const [ahead, behind] = [shifted(step), shifted(-step)];
      for (let row = 0; row < 3; row++) {
        const slope = (ahead.origin[row] - behind.origin[row]) / (2 * step);
        expect(linear[joint][row]).toBeCloseTo(slope, 8);
        flange.axes.forEach((axis, k) => {
          const turning = (ahead.axes[k][row] - behind.axes[k][row]) / (2 * step);
          expect(axisDerivative(jointAxes[joint], axis)[row]).toBeCloseTo(turning, 8);
        });
      }
    }
  });

  test.each(ANGLES.map((angles) => [angles]))('manipulability at %j is the known determinant', (angles) => {
    const { jointAxes, linear } = kinematics(angles);
    const columns = linear.map((column, joint) => [...column, ...jointAxes[joint]]);
    const [, q2, q3, q4, q5] = angles;
    const [a2, a3, d5] = [-0.425, -0.39225, 0.09465];
    const reach = a2 * Math.cos(q2) + a3 * Math.cos(q2 + q3) + d5 * Math.sin(q2 + q3 + q4);
    const expected = Math.abs(a2 * a3 * Math.sin(q3) * Math.sin(q5) * reach);
    expect(manipulability(columns)).toBeCloseTo(expected, 14);
  });
});

describe('the plot', () => {
  test.each<[number, number, number, number[]]>([
    [0, 10, 10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    [0, 0.1033, 6, [0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12]],
    [-3, 7, 5, [-4, -2, 0, 2, 4, 6, 8]],
    [5, 5, 5, [5, 6]],
  ])('ticks from %d to %d', (low, high, count, expected) => {
    const actual = ticks(low, high, count);
    expect(actual).toHaveLength(expected.length);
    actual.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 12);
    });
  });

  test('is well-formed, with every number finite', () => {
    const svg = linePlot({
      title: 'a < b & c',
      subtitle: 's',
      xLabel: 'x',
      yLabel: 'y',
      x: [0, 1, 2],
      y: [0, 3, 1],
    });
    expect(svg).toContain('a &lt; b &amp; c');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    const open = svg.match(/<(?!\/)\w+[^>]*[^/]>/g)?.length;
    expect(svg.match(/<\/\w+>/g)).toHaveLength(open ?? 0);
  });

  test('a constant line', () => {
    const svg = linePlot({ title: '', subtitle: '', xLabel: '', yLabel: '', x: [0, 1], y: [0, 0] });
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
});
