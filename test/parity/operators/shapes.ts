/** Views and shapes: varargs and lists, strides. */

import * as torch from '../../../lib';
import type { Cases } from '../../support/parity/cases';

export function shapes(cases: Cases): void {
  cases.group('shapes and views', () => {
    cases.add('x.view(2, 6)', ({ x }) => x.view(2, 6));
    cases.add('x.view([2, 6])', ({ x }) => x.view([2, 6]));
    cases.add('x.view(-1)', ({ x }) => x.view(-1));
    cases.add('x.view(torch.int64)', ({ x }) => x.view('int64'));
    cases.add('x.t().view(-1)', ({ x }) => x.t().view(-1));
    cases.add('x.reshape(4, -1)', ({ x }) => x.reshape(4, -1));
    cases.add('x.t().reshape((2, 6))', ({ x }) => x.t().reshape([2, 6]));
    cases.add('x.reshape(())', ({ x }) => x.reshape([]));
    cases.add('s.reshape(1).reshape(())', ({ s }) => s.reshape(1).reshape([]));
    cases.add('row.expand(2, 3, 4)', ({ row }) => row.expand(2, 3, 4));
    cases.add('row.expand([3, -1])', ({ row }) => row.expand([3, -1]));
    cases.add('row.repeat(2, 2)', ({ row }) => row.repeat(2, 2));
    cases.add('torch.tile(x, (1, 2))', ({ x }) => torch.tile(x, [1, 2]));
    cases.add('x.repeat_interleave(2)', ({ x }) => x.repeatInterleave(2));
    cases.add('x.repeat_interleave(torch.tensor([1, 0, 2]), dim=0)', ({ x }) =>
      x.repeatInterleave(torch.tensor([1n, 0n, 2n]), { dim: 0 }),
    );
    cases.add('x.permute(1, 0)', ({ x }) => x.permute(1, 0));
    cases.add('x.permute([1, 0])', ({ x }) => x.permute([1, 0]));
    cases.add('[x.t().stride(), x.t().is_contiguous(), x[:, 1:].storage_offset()]', ({ x }) => [
      x.t().strides,
      x.t().isContiguous(),
      x.index(':', '1:').storageOffset(),
    ]);
    cases.add('x.transpose(0, -1) + x.T', ({ x }) => x.transpose(0, -1).add(x.T));
    cases.add('x.t()[1:].sum(0)', ({ x }) => x.t().index('1:').sum(0));
    cases.add('x.t() @ y', ({ x, y }) => x.t().matmul(y));
    cases.add('x[::2, 1::2].exp()', ({ x }) => x.index('::2', '1::2').exp());
    cases.add('x.unsqueeze(-1).squeeze()', ({ x }) => x.unsqueeze(-1).squeeze());
    cases.add('x[None].squeeze((0,))', ({ x }) => x.index(null).squeeze([0]));
    cases.add('x.flatten(0, 1)', ({ x }) => x.flatten(0, 1));
    cases.add('x.unflatten(1, (2, -1))', ({ x }) => x.unflatten(1, [2, -1]));
    cases.add('x.movedim(0, 1)', ({ x }) => x.movedim(0, 1));
    cases.add('x.movedim((0, 1), (1, 0))', ({ x }) => x.movedim([0, 1], [1, 0]));
    cases.add('x.split(2, 1)', ({ x }) => x.split(2, 1));
    cases.add('x.split([1, 3], dim=1)', ({ x }) => x.split([1, 3], { dim: 1 }));
    cases.add('x.chunk(2, -1)', ({ x }) => x.chunk(2, -1));
    cases.add('x.tensor_split((1, 2), 1)', ({ x }) => x.tensorSplit([1, 2], 1));
    cases.add('x.tensor_split(3)', ({ x }) => x.tensorSplit(3));
    cases.add('x.hsplit(2)', ({ x }) => x.hsplit(2));
    cases.add('x.unbind(1)', ({ x }) => x.unbind(1));
    cases.add('torch.cat([x, y])', ({ x, y }) => torch.cat([x, y]));
    cases.add('torch.cat((x, i), 1)', ({ x, i }) => torch.cat([x, i], 1));
    cases.add('torch.stack([x, y], dim=-1)', ({ x, y }) => torch.stack([x, y], { dim: -1 }));
    cases.add('torch.hstack([row, row])', ({ row }) => torch.hstack([row, row]));
    cases.add('torch.broadcast_tensors(x, row)', ({ x, row }) => torch.broadcastTensors(x, row));
    cases.add('torch.flip(x, (0, 1))', ({ x }) => torch.flip(x, [0, 1]));
    cases.add('x.roll(1)', ({ x }) => x.roll(1));
    cases.add('x.roll((1, 2), (0, 1))', ({ x }) => x.roll([1, 2], [0, 1]));
    cases.add('x.rot90(1, [0, 1])', ({ x }) => x.rot90(1, [0, 1]));
    cases.add('x.diagonal(1)', ({ x }) => x.diagonal(1));
    cases.add('x.tril(-1)', ({ x }) => x.tril(-1));
    cases.add('row.diag()', ({ row }) => row.diag());
    cases.add('torch.diag_embed(x, offset=1)', ({ x }) => torch.diagEmbed(x, { offset: 1 }));
    cases.add('x.narrow(1, 1, 2)', ({ x }) => x.narrow(1, 1, 2));
    cases.add('x.narrow(0, n - 2, 2)', ({ x, n }) => x.narrow(0, n.sub(2), 2));
    cases.add('x.select(1, -1)', ({ x }) => x.select(1, -1));
    cases.add('x.unfold(1, 2, 1)', ({ x }) => x.unfold(1, 2, 1));
    cases.add('x.as_strided((2, 2), (1, 2), 1)', ({ x }) => x.asStrided([2, 2], [1, 2], 1));
    cases.add('x.broadcast_to((2, 3, 4))', ({ x }) => x.broadcastTo([2, 3, 4]));
    cases.add('torch.meshgrid(row, s.reshape(1), indexing="ij")', ({ row, s }) =>
      torch.meshgrid([row, s.reshape(1)], { indexing: 'ij' }),
    );
    cases.add('x.real', ({ x }) => x.real);
    cases.add('[z.real, z.imag, z.mH]', ({ z }) => [z.real, z.imag, z.mH]);
    cases.add('x.new_zeros(2, 3)', ({ x }) => x.newZeros(2, 3));
    cases.add('x.new_full((2,), 3, dtype=torch.int32)', ({ x }) => x.newFull([2], 3, { dtype: 'int32' }));
  });
}
