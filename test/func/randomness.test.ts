/**
 * What random operators do under `vmap`. With 'different' a batch draws the numbers that the operator draws
 * for the whole batch at once, with 'same' those for one sample; so each is held against a plain call.
 */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import type { Randomness } from '../../lib/func/vmap';
import { expectError } from '../support/errors';
import { expectClose } from '../support/vmap';

const { vmap, RuntimeError } = torch;
const F = torch.nn.functional;

type Place = 'first' | 'last' | 'none';
type Options = { generator?: torch.Generator };
type Op = (...args: any[]) => Tensor;

const B = 4;
const modes: Randomness[] = ['error', 'same', 'different'];
const places: Place[] = ['first', 'last', 'none'];
const dimOf = { first: 0, last: -1, none: null } as const;
// Something to map over where the operator's own arguments are not.
const always = torch.zeros(B);

const image = (place: Place, ...sample: number[]): Tensor =>
  torch.ones(place === 'first' ? [B, ...sample] : place === 'last' ? [...sample, B] : sample);
const batchFirst = (x: Tensor, place: Place): Tensor => (place === 'last' ? x.movedim(-1, 0) : x);

/** Calls `body` with the numbers that follow a seed, of the default generator or of one of its own. */
function seeded<T>(ownGenerator: boolean, body: (options: Options) => T): T {
  const generator = new torch.Generator();
  generator.manualSeed(99);
  torch.manualSeed(1234567);
  return body(ownGenerator ? { generator } : {});
}

function expectAllEqual(batch: Tensor): void {
  expect(batch.eq(batch.select(0, 0)).all().item()).toBe(true);
}

function expectAllDifferent(batch: Tensor): void {
  const count = batch.shape[0];
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) expect(torch.equal(batch.select(0, i), batch.select(0, j))).toBe(false);
  }
}

const errorMode = /^vmap: called random operation while in randomness error mode/;
const sameBatched = /Vmap does not currently support same randomness with a batched tensor input/;
const differentInPlace = /different inplace randomness on an unbatched tensor/;

/** `op` of `inputs` and of something that is always mapped. */
function run(op: Op, inputs: readonly Tensor[], at: readonly Place[], randomness: Randomness): Tensor {
  const inDims = [...at.map((place) => dimOf[place]), 0];
  const withoutLast: Op = (...args) => op(...args.slice(0, -1));
  return vmap(withoutLast, { inDims, randomness })(...inputs, always);
}

/** Each sample of `batch` is `sample`, or the batch is `whole`, by the mode. */
function expectDrawn(randomness: Randomness, batch: Tensor, sample: () => Tensor, whole: () => Tensor): void {
  if (randomness === 'same') {
    expectAllEqual(batch);
    expectClose(batch.select(0, 0), sample());
  } else {
    expectAllDifferent(batch);
    expectClose(batch, whole());
  }
}

describe.each([false, true])('with a generator of its own: %s', (own) => {
  test.each<[string, (shape: number[], options: Options) => Tensor]>([
    ['randn', (shape, options) => torch.randn(shape, options)],
    ['rand', (shape, options) => torch.rand(shape, options)],
    ['randint', (shape, options) => torch.randint(0, 100, shape, options)],
    ['randint from 5', (shape, options) => torch.randint(5, 100, shape, options)],
    ['normal', (shape, options) => torch.normal(0, 1, shape, options)],
  ])('%s makes tensors', (_, make) => {
    const call = (randomness: Randomness): Tensor =>
      seeded(own, (options) => run(() => make([3, 3], options), [], [], randomness));
    expectError(() => call('error'), RuntimeError, errorMode);
    for (const randomness of ['same', 'different'] as const) {
      expectDrawn(
        randomness,
        call(randomness),
        () => seeded(own, (options) => make([3, 3], options)),
        () => seeded(own, (options) => make([B, 3, 3], options)),
      );
    }
  });

  test('randperm draws sample by sample', () => {
    const call = (randomness: Randomness): Tensor =>
      seeded(own, (options) => run(() => torch.randperm(10, options), [], [], randomness));
    expectError(() => call('error'), RuntimeError, errorMode);
    expectDrawn(
      'same',
      call('same'),
      () => seeded(own, (options) => torch.randperm(10, options)),
      () => always,
    );
    const each = seeded(own, (options) => Array.from({ length: B }, () => torch.randperm(10, options)));
    expectClose(call('different'), torch.stack(each));
  });

  const inPlace: [string, (x: Tensor, options: Options) => Tensor][] = [
    ['random_', (x, options) => x.random_(options)],
    ['random_ to 100', (x, options) => x.random_(100, options)],
    ['random_ from -5 to 100', (x, options) => x.random_(-5, 100, options)],
    ['normal_', (x, options) => x.normal_(options)],
    ['bernoulli_', (x, options) => x.bernoulli_(options)],
    ['cauchy_', (x, options) => x.cauchy_(options)],
    ['exponential_', (x, options) => x.exponential_(options)],
    ['geometric_', (x, options) => x.geometric_(0.5, options)],
    ['logNormal_', (x, options) => x.logNormal_(options)],
    ['uniform_', (x, options) => x.uniform_(options)],
  ];
  test.each(inPlace)('%s writes in place', (_, op) => {
    for (const place of places) {
      const call = (randomness: Randomness): Tensor =>
        seeded(own, (options) => run((x: Tensor) => op(x, options), [image(place, 3, 3, 14, 14)], [place], randomness));
      expectError(() => call('error'), RuntimeError, errorMode);
      const sample = (): Tensor => seeded(own, (options) => op(torch.ones(3, 3, 14, 14), options));
      // The numbers go to the elements in the order of the batch's memory.
      const whole = (): Tensor => seeded(own, (options) => op(batchFirst(image(place, 3, 3, 14, 14), place), options));
      expectDrawn('same', call('same'), sample, whole);
      if (place === 'none') expectError(() => call('different'), RuntimeError, differentInPlace);
      else expectDrawn('different', call('different'), sample, whole);
    }
  });

  const pairs = places.flatMap((first) => places.map((second) => [first, second] as const));
  test.each(pairs)('bernoulli_ of a tensor mapped %s, with probabilities mapped %s', (place, at) => {
    const sampleShape = [3, 3, 14, 14];
    const probability = image(at, ...sampleShape).sub(0.5);
    const call = (randomness: Randomness): Tensor =>
      seeded(own, (options) =>
        run(
          (x: Tensor, p: Tensor) => x.bernoulli_(p, options),
          [image(place, ...sampleShape), probability],
          [place, at],
          randomness,
        ),
      );
    const plain = (x: Tensor, p: Tensor) => (): Tensor => seeded(own, (options) => x.bernoulli_(p, options));
    const oneOf = plain(torch.ones(sampleShape), torch.full(sampleShape, 0.5));
    const whole = plain(batchFirst(image(place, ...sampleShape), place), batchFirst(probability, at));
    expectError(() => call('error'), RuntimeError, errorMode);
    if (at !== 'none') expectError(() => call('same'), RuntimeError, sameBatched);
    else expectDrawn('same', call('same'), oneOf, whole);
    if (place !== 'none') expectDrawn('different', call('different'), oneOf, whole);
    else if (at === 'none') expectError(() => call('different'), RuntimeError, differentInPlace);
    else {
      const message = /there exists a Tensor `other` in extra_args that has more elements than `self`/;
      expectError(() => call('different'), RuntimeError, message);
    }
  });

  const ofOne: [string, (x: Tensor, options: Options) => Tensor][] = [
    ['normal of deviations', (x, options) => torch.normal(0, x.abs(), options)],
    ['normal of means', (x, options) => torch.normal(x, 1, options)],
    ['bernoulli', (x, options) => torch.bernoulli(x.sub(0.5), options)],
    ['bernoulli of a number', (x, options) => torch.bernoulli(x, 0.5, options)],
    ['_standardGamma', (x, options) => torch._standardGamma(x, options)],
    ['_sampleDirichlet', (x, options) => torch._sampleDirichlet(x, options)],
    ['poisson', (x, options) => torch.poisson(x, options)],
  ];
  test.each(ofOne)('%s of one tensor', (_, op) => {
    for (const place of places) {
      const x = image(place, 3, 3, 14, 14);
      const call = (randomness: Randomness): Tensor =>
        seeded(own, (options) => run((t: Tensor) => op(t, options), [x], [place], randomness));
      expectError(() => call('error'), RuntimeError, errorMode);
      const sample = (): Tensor => seeded(own, (options) => op(torch.ones(3, 3, 14, 14), options));
      const whole = (): Tensor =>
        seeded(own, (options) => op(place === 'none' ? x.expand([B, ...x.shape]) : batchFirst(x, place), options));
      if (place === 'none') expectDrawn('same', call('same'), sample, whole);
      else expectError(() => call('same'), RuntimeError, sameBatched);
      expectDrawn('different', call('different'), sample, whole);
    }
  });

  test.each(pairs)('normal and binomial of tensors mapped %s and %s', (first, second) => {
    for (const op of [
      (a: Tensor, b: Tensor, options: Options) => torch.normal(a, b, options),
      (a: Tensor, b: Tensor, options: Options) => torch.binomial(a, b.sub(0.5), options),
    ]) {
      const [a, b] = [image(first, 3, 3, 14, 14), image(second, 3, 3, 14, 14)];
      const call = (randomness: Randomness): Tensor =>
        seeded(own, (options) => run((x: Tensor, y: Tensor) => op(x, y, options), [a, b], [first, second], randomness));
      const ones = torch.ones(3, 3, 14, 14);
      const sample = (): Tensor => seeded(own, (options) => op(ones, ones, options));
      const whole = (): Tensor =>
        seeded(own, (options) => {
          const left = first === 'none' ? a.expand([B, ...a.shape]) : batchFirst(a, first);
          return op(left, batchFirst(b, second), options);
        });
      expectError(() => call('error'), RuntimeError, errorMode);
      if (first === 'none' && second === 'none') expectDrawn('same', call('same'), sample, whole);
      else expectError(() => call('same'), RuntimeError, sameBatched);
      expectDrawn('different', call('different'), sample, whole);
    }
  });

  test.each(places)('multinomial of a vector or of rows, mapped %s', (place) => {
    for (const shape of [[1764], [3, 588]]) {
      const x = image(place, ...shape);
      const call = (randomness: Randomness): Tensor =>
        seeded(own, (options) => run((t: Tensor) => torch.multinomial(t, 10, options), [x], [place], randomness));
      const sample = (): Tensor => seeded(own, (options) => torch.multinomial(torch.ones(shape), 10, options));
      const whole = (): Tensor =>
        seeded(own, (options) => {
          // The numbers go to the elements in the order of their memory.
          const batch = place === 'none' ? x.expand([B, ...shape]) : batchFirst(x, place);
          return torch.multinomial(batch.flatten(0, -2), 10, options).reshape([B, ...shape.slice(0, -1), 10]);
        });
      expectError(() => call('error'), RuntimeError, errorMode);
      if (place === 'none') expectDrawn('same', call('same'), sample, whole);
      else expectError(() => call('same'), RuntimeError, sameBatched);
      expectDrawn('different', call('different'), sample, whole);
    }
  });
});

describe('without a generator of their own', () => {
  test.each<[string, (x: Tensor) => Tensor]>([
    ['randintLike', (x) => torch.randintLike(x, 20)],
    ['randintLike from 0', (x) => torch.randintLike(x, 0, 20)],
    ['randLike', (x) => torch.randLike(x)],
    ['randnLike', (x) => torch.randnLike(x)],
  ])('%s', (_, op) => {
    for (const place of places) {
      const x = image(place, 3, 3, 14, 14);
      const call = (randomness: Randomness): Tensor => seeded(false, () => run(op, [x], [place], randomness));
      expectError(() => call('error'), RuntimeError, errorMode);
      const sample = (): Tensor => seeded(false, () => op(torch.ones(3, 3, 14, 14)));
      const whole = (): Tensor =>
        seeded(false, () => op(place === 'none' ? x.expand([B, ...x.shape]) : batchFirst(x, place)));
      for (const randomness of ['same', 'different'] as const) {
        expectDrawn(randomness, call(randomness), sample, whole);
      }
    }
  });

  const dropouts: [string, (x: Tensor) => Tensor, number[], number][] = [
    ['dropout', (x) => F.dropout(x, { p: 0.5 }), [3, 3, 14, 14], 0],
    ['alphaDropout', (x) => F.alphaDropout(x, { training: true }), [3, 3, 14, 14], 0],
    ['dropout2d', (x) => F.dropout2d(x), [3, 3, 14, 14], 2],
    ['dropout3d', (x) => F.dropout3d(x), [3, 3, 14, 7, 2], 3],
    ['featureAlphaDropout', (x) => F.featureAlphaDropout(x, { training: true }), [3, 3, 14, 7, 2], 3],
  ];
  test.each(dropouts)('%s', (_, dropout, shape, planeDims) => {
    torch.manualSeed(0);
    for (const place of places) {
      const call = (randomness: Randomness): Tensor =>
        run((x: Tensor) => dropout(torch.onesLike(x)), [image(place, ...shape)], [place], randomness);
      expectError(() => call('error'), RuntimeError, errorMode);
      for (const randomness of ['same', 'different'] as const) {
        const result = call(randomness);
        if (randomness === 'same') expectAllEqual(result);
        else expectAllDifferent(result);
        const two = result.flatten().sort().values;
        const [low, high] = [two.index(0), two.index(-1)];
        const rate = result.eq(high).to('float32').mean().item() as number;
        expect(rate).toBeGreaterThan(0.25);
        expect(rate).toBeLessThan(0.75);
        // A feature is dropped as a whole.
        const planes = planeDims === 0 ? result.unsqueeze(-1) : result.flatten(-planeDims);
        expect(planes.eq(low).all(-1).logicalXor(planes.eq(high).all(-1)).all().item()).toBe(true);
      }
    }
  });

  test('dropout of a tensor that is not mapped', () => {
    const fn = (x: Tensor, y: Tensor): Tensor => x.add(F.dropout(y, { p: 0.5 }).mean(1));
    const call = (randomness: Randomness): Tensor =>
      vmap(fn, { inDims: [0, null], randomness })(torch.randn(3), torch.randn(1, 3));
    expectError(() => call('error'), RuntimeError, errorMode);
    expect(call('same').shape).toEqual([3, 1]);
    expect(call('different').shape).toEqual([3, 1]);
  });

  test('operators that vmap does not take', () => {
    const x = torch.rand(3);
    const out = /calling out variants of random operations inside of vmap/;
    const call = (fn: (t: Tensor) => Tensor) => (): unknown => vmap(fn, { randomness: 'same' })(x);
    expectError(
      call(() => torch.randn([3], { out: x.clone() })),
      RuntimeError,
      out,
    );
    expectError(
      call(() => torch.normal(x, x, { out: x.clone() })),
      RuntimeError,
      out,
    );
    expectError(
      call(() => torch.rrelu(x)),
      RuntimeError,
      /we do not yet support aten::rrelu/,
    );
  });

  test('jacfwd hands its randomness on', () => {
    const x = torch.rand(3, 4);
    const jacobian = (options = {}): Tensor =>
      torch.func.jacfwd((t: Tensor) => torch.bernoulli(t), options)(x) as Tensor;
    expectError(() => jacobian(), RuntimeError, errorMode);
    for (const randomness of ['same', 'different']) expectClose(jacobian({ randomness }), torch.zeros(3, 4, 3, 4));
  });
});

describe('nested', () => {
  test('two levels that differ draw what one call draws', () => {
    const fn = (x: Tensor): Tensor => x.add(torch.randn([]));
    const twice = vmap(vmap(fn, { randomness: 'different' }), { randomness: 'different' });
    const drawn = (shape: number[], noise: number[]): [Tensor, Tensor] => [
      seeded(false, () => twice(torch.ones(shape))),
      seeded(false, () => torch.ones(shape).add(torch.randn(noise))),
    ];
    expectClose(...drawn([2, 3], [2, 3]));
    expectClose(...drawn([2, 3, 4], [2, 3, 1]));
    expect(torch.randn([]).dim()).toBe(0);
  });

  test.each(modes.flatMap((inner) => modes.map((outer) => [inner, outer] as const)))(
    'inner %s, outer %s',
    (inner, outer) => {
      const fn = (x: Tensor): Tensor => x.add(torch.rand(5));
      const call = (): Tensor => vmap(vmap(fn, { randomness: inner }), { randomness: outer })(torch.zeros(2, 3, 5));
      // The innermost level is asked first.
      if (inner === 'error' || outer === 'error') return expectError(call, RuntimeError, errorMode);
      const result = call();
      const check = { same: expectAllEqual, different: expectAllDifferent };
      check[outer](result);
      check[inner](result.select(0, 0));
    },
  );
});

test.each([0, 1, 2].flatMap((inDims) => [0, 1, 2].map((outDims) => [inDims, outDims])))(
  'chunks with different numbers: inDims %i, outDims %i',
  (inDims, outDims) => {
    torch.manualSeed(0);
    for (const chunkSize of [1, 2, 3, 4, 7, 100]) {
      const options = { inDims, outDims, randomness: 'different', chunkSize } as const;
      const fn = (x: Tensor): Tensor => x.sin().add(torch.randLike(x));
      // Samples that are alike come out different, over chunks too.
      expectAllDifferent(vmap(fn, options)(torch.ones(4, 5, 6)).movedim(outDims, 0));
    }
  },
);
