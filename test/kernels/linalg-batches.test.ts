/** Operators on batches of matrices give the same for equal values, whatever the strides and however they broadcast. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { expectClose, float64 } from '../support/derivatives';

const { linalg } = torch;

torch.manualSeed(0);
const random = (...shape: number[]): Tensor => torch.randn(shape, float64);
const general = random(2, 3, 3, 3);
const positive = general.matmul(general.mT).add(torch.eye(3, float64).mul(2));
const right = random(2, 3, 3, 2);
const tall = random(2, 3, 4, 3);

type View = [name: string, of: (tensor: Tensor) => Tensor];

// Of tensors with two batch dimensions, the last dimensions those of a matrix or a vector.
const layouts = (rank: number): View[] => [
  ['rows', (t) => t],
  ['columns', (t) => (rank === 2 ? t.mT.contiguous().mT : torch.stack([t, t], -1).select(-1, 0))],
];
const views: View[] = [
  ['itself', (t) => t],
  ['unsqueeze(0)', (t) => t.unsqueeze(0)],
  ['unsqueeze(1)', (t) => t.unsqueeze(1)],
  ['unsqueeze(2)', (t) => t.unsqueeze(2)],
  ['expanded in front', (t) => t.expand([2, ...t.shape])],
  ['expanded inside', (t) => t.unsqueeze(1).expand([2, 2, ...t.shape.slice(1)])],
  ['narrowed', (t) => t.narrow(1, 1, 1)],
  ['transposed', (t) => t.transpose(0, 1)],
  ['transposed, unsqueeze(1)', (t) => t.transpose(0, 1).unsqueeze(1)],
  ['every second', (t) => torch.cat([t, t]).index('::2')],
  ['a part of larger rows', (t) => torch.cat([t, t], -1).narrow(-1, 0, t.size(-1))],
];

const contiguous = (t: Tensor): Tensor => t.contiguous().clone({ memoryFormat: 'contiguous_format' });
const list = (result: unknown): Tensor[] => (Array.isArray(result) ? (result as Tensor[]) : [result as Tensor]);

type Operator = (...args: Tensor[]) => unknown;

/** `args` with the number of dimensions that are not the batch. */
function expectTheSame(f: Operator, args: [tensor: Tensor, rank: number][]): void {
  for (const [viewName, view] of views) {
    for (const layout of [0, 1]) {
      const all = args.map(([tensor, rank]) => view(layouts(rank)[layout][1](tensor)));
      const expected = list(f(...all.map(contiguous)));
      // Every argument alone, and all at once.
      for (let only = -1; only < args.length; only++) {
        const given = all.map((tensor, i) => (only === -1 || only === i ? tensor : contiguous(tensor)));
        list(f(...given)).forEach((tensor, i) => {
          expectClose(`${viewName}, argument ${only}`, tensor, expected[i], 1e-10);
        });
      }
    }
  }
}

const [LU, pivots] = linalg.luFactor(general);
const [LD, ldlPivots] = linalg.ldlFactor(positive);
const factor = linalg.cholesky(positive);
const [reflections, tau] = torch.geqrf(tall);
const triangle = general.triu().add(torch.eye(3, float64).mul(3));

const operators: Record<string, [Operator, [Tensor, number][]]> = {
  luSolve: [(a, p, b) => linalg.luSolve(a, p, b), [[LU, 2], [pivots, 1], [right, 2]]],
  'luSolve, adjoint, right': [(a, p, b) => linalg.luSolve(a, p, b, { adjoint: true, left: false }), [[LU, 2], [pivots, 1], [right.mT.contiguous(), 2]]],
  luUnpack: [(a, p) => torch.luUnpack(a, p), [[LU, 2], [pivots, 1]]],
  luFactor: [(a) => linalg.luFactor(a), [[general, 2]]],
  ldlSolve: [(a, p, b) => linalg.ldlSolve(a, p, b), [[LD, 2], [ldlPivots, 1], [right, 2]]],
  ldlFactor: [(a) => linalg.ldlFactor(a), [[positive, 2]]],
  solve: [(a, b) => linalg.solve(a, b), [[general, 2], [right, 2]]],
  'solve, right': [(a, b) => linalg.solve(a, b, { left: false }), [[general, 2], [right.mT.contiguous(), 2]]],
  'solveTriangular, upper': [(a, b) => linalg.solveTriangular(a, b, { upper: true }), [[triangle, 2], [right, 2]]],
  'solveTriangular, lower, right': [(a, b) => linalg.solveTriangular(a, b, { upper: false, left: false }), [[triangle.mT.contiguous(), 2], [right.mT.contiguous(), 2]]],
  choleskySolve: [(a, b) => torch.choleskySolve(b, a), [[factor, 2], [right, 2]]],
  choleskyInverse: [(a) => torch.choleskyInverse(a), [[factor, 2]]],
  cholesky: [(a) => linalg.cholesky(a), [[positive, 2]]],
  inv: [(a) => linalg.inv(a), [[general, 2]]],
  det: [(a) => linalg.det(a), [[general, 2]]],
  slogdet: [(a) => linalg.slogdet(a), [[general, 2]]],
  householderProduct: [(a, t) => linalg.householderProduct(a, t), [[reflections, 2], [tau, 1]]],
  ormqr: [(a, t, b) => torch.ormqr(a, t, b), [[reflections, 2], [tau, 1], [tall, 2]]],
  geqrf: [(a) => torch.geqrf(a), [[tall, 2]]],
  qr: [(a) => linalg.qr(a), [[tall, 2]]],
  lstsq: [(a, b) => linalg.lstsq(a, b)[0], [[tall, 2], [tall.sin(), 2]]],
  svdvals: [(a) => linalg.svdvals(a), [[tall, 2]]],
  eigvalsh: [(a) => linalg.eigvalsh(a), [[positive, 2]]],
  pinv: [(a) => linalg.pinv(a), [[tall, 2]]],
  matrixExp: [(a) => torch.matrixExp(a), [[general, 2]]],
  matrixPower: [(a) => linalg.matrixPower(a, -2), [[general, 2]]],
}; // prettier-ignore

describe('the same values in other strides', () => {
  test.each(Object.keys(operators))('%s', (name) => {
    expectTheSame(...operators[name]);
  });
});

describe('factors that broadcast over the right-hand sides', () => {
  const many = random(4, 2, 3, 3, 2);
  const shapes: Record<string, [factors: (t: Tensor) => Tensor, rightHandSides: Tensor]> = {
    'more right-hand sides': [(t) => t, many],
    'a dimension of size 1': [(t) => t.narrow(1, 0, 1), right],
    'one matrix': [(t) => t.index(0, 0), right],
    'more factors': [(t) => t.expand([4, ...t.shape]), right.narrow(0, 0, 1)],
  };

  test.each(Object.keys(shapes))('%s', (name) => {
    const [part, B] = shapes[name];
    // What the solution is multiplied with gives the right-hand side.
    const check = (X: Tensor, A: Tensor): void => {
      const product = part(A).matmul(X);
      expectClose('A X', product, B.expandAs(product), 1e-9);
    };
    check(linalg.luSolve(part(LU), part(pivots), B), general);
    check(linalg.ldlSolve(part(LD), part(ldlPivots), B), positive);
    check(torch.choleskySolve(B, part(factor)), positive);
    check(linalg.solveTriangular(part(triangle), B, { upper: true }), triangle);
    check(linalg.solve(part(general), B), general);
  });

  test('the inverse, from factors with a dimension put in', () => {
    const A = torch.tensor([[[2, 1], [0, 3]], [[4, 1], [2, 5]]], float64); // prettier-ignore
    const [factors, rows] = linalg.luFactor(A);
    const I = torch.eye(2, float64).expand(2, 1, 2, 2);
    const inverse = torch.tensor([[[1 / 2, -1 / 6], [0, 1 / 3]], [[5 / 18, -1 / 18], [-1 / 9, 2 / 9]]], float64); // prettier-ignore
    expectClose('inverse', linalg.luSolve(factors.unsqueeze(1), rows.unsqueeze(1), I), inverse.unsqueeze(1), 1e-14);
  });

  test('ldlSolve under vmap, the factors of all for the right-hand sides of each', () => {
    const one = (B: Tensor): Tensor => linalg.ldlSolve(LD.index(0), ldlPivots.index(0), B);
    expectClose('vmap', torch.vmap(one)(many.index(':', 0)), torch.stack(many.index(':', 0).unbind().map(one)), 1e-12);
  });
});

describe('pivots that name no row', () => {
  const wrong = (values: number[]): Tensor => torch.tensor(values.map(BigInt)).to('int32');
  const [A, B] = [general.index(0, 0), right.index(0, 0)];

  test.each([[[0, 2, 3]], [[1, 2, 4]], [[1, 2, -3]]])('luSolve refuses %j', (values) => {
    expect(() => linalg.luSolve(A, wrong(values), B)).toThrow(
      /argument 'pivots' holds .*, but the matrices have 3 rows/,
    );
  });

  test.each([[[0, 2, 3]], [[1, 2, 9]], [[1, -2, -9]], [[1, 2, -3]], [[1, -3, 3]]])('ldlSolve refuses %j', (values) => {
    expect(() => linalg.ldlSolve(A, wrong(values), B)).toThrow(/argument 'pivots' holds/);
  });

  test('luUnpack refuses them, and pivots of another shape', () => {
    expect(() => torch.luUnpack(A, wrong([1, 2, 9]))).toThrow(
      /argument 'pivots' holds 9, but the matrices have 3 rows/,
    );
    expect(() => torch.luUnpack(A, wrong([1, 2]))).toThrow(/'LU_pivots' must have the shape \[3\]/);
    expect(() => torch.luUnpack(LU, pivots.index(0))).toThrow(/'LU_pivots' must have the shape \[2, 3, 3\]/);
  });

  test('ldlSolve takes blocks of two rows', () => {
    const indefinite = torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 2]], float64); // prettier-ignore
    const [factors, rows] = linalg.ldlFactor(indefinite);
    expect(rows.lt(0).any().item()).toBe(true);
    const X = linalg.ldlSolve(factors, rows, B);
    expectClose('A X', indefinite.matmul(X), B, 1e-14);
  });
});
