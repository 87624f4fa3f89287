/** stft, istft and torch.signal.windows against PyTorch. */

import * as torch from '../../lib';
import type { Tensor } from '../../lib';
import { parity, some } from '../support/parity/cases';

const inputs = {
  x: some([40]),
  batch: some([2, 40], 'float64', 2),
  f: some([40], 'float32', 3),
  z: some([40], 'complex128', 4),
  w: some([8], 'float64', 5),
};

const { windows } = torch.signal;

parity('signal', (cases) => {
  cases.inputs(inputs);

  cases.group('stft', () => {
    const window = () => torch.hannWindow(8, { dtype: 'float64' });
    const python = 'window=torch.hann_window(8, dtype=torch.float64), return_complex=True';
    const named = () => ({ window: window(), returnComplex: true });
    cases.add(`torch.stft(x, 8, ${python})`, ({ x }) => torch.stft(x, 8, named()));
    cases.add(`torch.stft(batch, 8, 3, ${python})`, ({ batch }) => torch.stft(batch, 8, 3, named()));
    cases.add(`x.stft(8, hop_length=4, ${python})`, ({ x }) => x.stft(8, { hopLength: 4, ...named() }));
    cases.add(`torch.stft(x, 8, center=False, ${python})`, ({ x }) => torch.stft(x, 8, { center: false, ...named() }));
    cases.add(`torch.stft(x, 8, pad_mode='constant', normalized=True, ${python})`, ({ x }) =>
      torch.stft(x, 8, { padMode: 'constant', normalized: true, ...named() }),
    );
    cases.add(`torch.stft(x, 8, onesided=False, ${python})`, ({ x }) =>
      torch.stft(x, 8, { onesided: false, ...named() }),
    );
    cases.add('torch.stft(x, 12, 3, 8, w, True, "replicate", False, True, True)', ({ x, w }) =>
      torch.stft(x, 12, 3, 8, w, true, 'replicate', false, true, true),
    );
    cases.add(
      'torch.stft(x, 12, win_length=8, window=w, center=False, align_to_window=True, return_complex=True)',
      ({ x, w }) =>
        torch.stft(x, 12, { winLength: 8, window: w, center: false, alignToWindow: true, returnComplex: true }),
    );
    cases.add('torch.stft(z, 8, window=w)', ({ z, w }) => torch.stft(z, 8, { window: w }));
    cases.add('torch.stft(f, 8, return_complex=True)', ({ f }) => torch.stft(f, 8, { returnComplex: true }));
    cases.add('torch.stft(x, 8, align_to_window=True)', ({ x }) => torch.stft(x, 8, { alignToWindow: true }));
    cases.add('torch.stft(x, 8)', ({ x }) => torch.stft(x, 8));
    cases.add('torch.stft(x, 100, return_complex=True)', ({ x }) => torch.stft(x, 100, { returnComplex: true }));
    cases.add('torch.stft(x, 8, window=x, return_complex=True)', ({ x }) =>
      torch.stft(x, 8, { window: x, returnComplex: true }),
    );
    cases.add(`x.stft(8, ${python}).istft(8, window=torch.hann_window(8, dtype=torch.float64))`, ({ x }) =>
      x.stft(8, named()).istft(8, { window: window() }),
    );
    cases.add('torch.istft(x.stft(8, 2, window=w, return_complex=True), 8, 2, window=w, length=30)', ({ x, w }) =>
      torch.istft(x.stft(8, 2, { window: w, returnComplex: true }), 8, 2, { window: w, length: 30 }),
    );
    cases.add('torch.istft(x, 8)', ({ x }) => torch.istft(x, 8));
    cases.add('grad(lambda v: torch.stft(v, 8, window=w, return_complex=True).abs().pow(2).sum())(x)', ({ x, w }) =>
      torch.func.grad((v: Tensor) => torch.stft(v, 8, { window: w, returnComplex: true }).abs().pow(2).sum())(x),
    );
    cases.add('vmap(lambda v: torch.stft(v, 8, window=w, return_complex=True))(batch)', ({ batch, w }) =>
      torch.vmap((v: Tensor) => torch.stft(v, 8, { window: w, returnComplex: true }))(batch),
    );
  });

  cases.group('windows', () => {
    const names = [
      ...(['bartlett', 'blackman', 'cosine', 'exponential', 'gaussian'] as const),
      ...(['hamming', 'hann', 'kaiser', 'nuttall'] as const),
    ];
    for (const name of [...names, 'generalHamming'] as const) {
      const python = `torch.signal.windows.${name === 'generalHamming' ? 'general_hamming' : name}`;
      for (const M of [0, 1, 2, 7]) {
        cases.add(`${python}(${M})`, () => windows[name](M));
        cases.add(`${python}(${M}, sym=False, dtype=torch.float64)`, () =>
          windows[name](M, { sym: false, dtype: 'float64' }),
        );
      }
      cases.add(`${python}(-1)`, () => windows[name](-1));
      cases.add(`${python}(3, dtype=torch.int32)`, () => windows[name](3, { dtype: 'int32' }));
      cases.add(`${python}(3, layout=torch.sparse_coo)`, () => windows[name](3, { layout: 'sparse_coo' }));
      cases.add(`${python}(3, foo=1)`, () => windows[name](3, { foo: 1 } as never));
      cases.add(
        `${python}(4, requires_grad=True).requires_grad`,
        () => windows[name](4, { requiresGrad: true }).requiresGrad,
      );
    }
    cases.add('torch.signal.windows.exponential(6, tau=0.5)', () => windows.exponential(6, { tau: 0.5 }));
    cases.add('torch.signal.windows.exponential(6, center=1.5, sym=False)', () =>
      windows.exponential(6, { center: 1.5, sym: false }),
    );
    cases.add('torch.signal.windows.exponential(6, tau=0)', () => windows.exponential(6, { tau: 0 }));
    cases.add('torch.signal.windows.exponential(6, center=2)', () => windows.exponential(6, { center: 2 }));
    cases.add('torch.signal.windows.gaussian(6, std=0.9)', () => windows.gaussian(6, { std: 0.9 }));
    cases.add('torch.signal.windows.gaussian(6, std=-1)', () => windows.gaussian(6, { std: -1 }));
    cases.add('torch.signal.windows.kaiser(6, beta=0.9)', () => windows.kaiser(6, { beta: 0.9 }));
    cases.add('torch.signal.windows.kaiser(6, beta=-1)', () => windows.kaiser(6, { beta: -1 }));
    cases.add('torch.signal.windows.general_hamming(6, alpha=0.7)', () => windows.generalHamming(6, { alpha: 0.7 }));
    const a = [0.46, 0.23, 0.31];
    cases.add('torch.signal.windows.general_cosine(9, a=[0.46, 0.23, 0.31])', () => windows.generalCosine(9, { a }));
    cases.add('torch.signal.windows.general_cosine(9, a=[0.46, 0.23, 0.31], sym=False)', () =>
      windows.generalCosine(9, { a, sym: false }),
    );
    cases.add('torch.signal.windows.general_cosine(3, a=[])', () => windows.generalCosine(3, { a: [] }));
    cases.add('torch.signal.windows.general_cosine(3, a=3)', () => windows.generalCosine(3, { a: 3 as never }));
    cases.add('torch.signal.windows.general_cosine(3)', () => windows.generalCosine(3, {} as never));
  });
});
