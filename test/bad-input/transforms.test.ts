import * as torch from '../../lib';
import { nestedThrows, wrongTransforms } from './cases/transforms';
import { leftovers, testCases, vector } from '../support/bad-input';

describe('transforms of wrong functions and arguments', () => testCases(wrongTransforms));

describe('what a function throws crosses three transforms', () => testCases(nestedThrows));

describe('what escapes from a transform', () => {
  const uses: [string, (x: torch.Tensor) => unknown][] = [
    ['sin', (x) => x.sin()],
    ['add', (x) => x.add(vector())],
    ['add_', (x) => x.add_(1)],
    ['matmul', (x) => x.matmul(x)],
    ['sum', (x) => x.sum()],
    ['item', (x) => x.sum().item()],
    ['toArray', (x) => x.toArray()],
    ['data', (x) => x.data()],
    ['toString', (x) => String(x)],
    ['shape', (x) => x.shape],
    ['nonzero', (x) => x.nonzero()],
    ['inverse', (x) => torch.linalg.inv(x)],
    ['index', (x) => x.index(0)],
    ['tensor', (x) => torch.tensor([x, 1])],
    ['backward', (x) => x.sum().backward()],
    ['vmap', (x) => torch.vmap((y: torch.Tensor) => y.add(x))(vector())],
    ['grad', (x) => torch.func.grad((y: torch.Tensor) => y.mul(x).sum())(vector())],
    ['jvp', (x) => torch.func.jvp((y: torch.Tensor) => y.mul(x), [vector()], [vector()])],
    ['jacrev', (x) => torch.func.jacrev((y: torch.Tensor) => y.mul(x))(vector())],
    ['jacfwd', (x) => torch.func.jacfwd((y: torch.Tensor) => y.mul(x))(vector())],
    ['dispose', (x) => x.dispose()],
  ];
  const escape: [string, () => torch.Tensor][] = (['grad', 'vjp', 'jvp', 'vmap', 'jacrev', 'jacfwd'] as const).map(
    (name) => [
      name,
      () => {
        let escaped = vector();
        const keep = (x: torch.Tensor): torch.Tensor => {
          escaped = x;
          return x.sum();
        };
        if (name === 'jvp') torch.func.jvp(keep, [vector()], [vector()]);
        else if (name === 'vjp') torch.func.vjp(keep, vector());
        else (torch.func[name] as (f: typeof keep) => (x: torch.Tensor) => unknown)(keep)(vector());
        return escaped;
      },
    ],
  );
  // As in PyTorch some uses give a result and others an error; none may leave anything behind.
  test.each(escape)('%s', (_, make) => {
    for (const [name, use] of uses) {
      try {
        use(make());
      } catch (error) {
        expect([name, error instanceof Error && error.message.length > 10]).toEqual([name, true]);
      }
      expect([name, leftovers()]).toEqual([name, []]);
    }
  });
});
