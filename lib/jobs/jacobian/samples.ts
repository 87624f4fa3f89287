/** The samples of an array as tensors. */

import type { Device } from '../../device';
import type { Dtype } from '../../dtype';
import { native } from '../../native';
import { torchFunctions } from '../../operators';
import type { Tensor } from '../../tensor';
import { reading } from '../errors';
import type { RowReader } from '../rows';

/** Reads rows as batches of samples, converted to a dtype on a device. */
export class SampleSource {
  // One buffer for all reads, as large as the largest so far. A typed array per chunk would be left to the
  // collector, and the process would grow to several times what it uses.
  private scratch = new Uint8Array(0);

  constructor(
    private readonly reader: RowReader,
    readonly dtype: Dtype,
    readonly device: Device,
  ) {}

  /** `count` samples from sample `start` on, stacked. */
  read(start: number, count: number): Tensor {
    const { path, dtype, rowShape, rowBytes } = this.reader;
    const bytes = count * rowBytes;
    if (this.scratch.length < bytes) this.scratch = new Uint8Array(bytes);
    const data = reading(path, () => this.reader.readRows(start, count, this.scratch));
    const stacked = native.tensorFromBytes(data, dtype, [count, ...rowShape], 'cpu');
    return stacked.to({ dtype: this.dtype, device: this.device });
  }

  /** The first sample as a batch of one; zeros if there are no samples. */
  first(): Tensor {
    const { rows, rowShape } = this.reader;
    if (rows > 0) return this.read(0, 1);
    return torchFunctions.zeros([1, ...rowShape], { dtype: this.dtype, device: this.device });
  }
}
