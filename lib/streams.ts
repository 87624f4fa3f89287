/** CUDA streams and events, which the package does not have: classes that say what to use. */

import { NotImplementedError } from './errors';

const QUEUE = 'operators on a CUDA device run in order, on its current stream';

/** `torch.Stream`, which is not supported: operators on a CUDA device run in order. */
export class Stream {
  /**
   * @throws NotImplementedError always, with what to use.
   * @example
   * ```ts
   * import * as torch from 'torch-func';
   * try {
   *   new torch.Stream();
   * } catch (error) {
   *   (error as Error).message.includes('torch.cuda.synchronize()'); // true
   * }
   * ```
   */
  constructor(..._: unknown[]) {
    throw new NotImplementedError(
      `Stream is not supported: ${QUEUE}. Leave the stream out; torch.cuda.synchronize() waits for all queued work. For parallel work, use a worker thread for each device.`,
    );
  }
}

/** `torch.Event`, which is not supported: measure times with `performance.now()`. */
export class Event {
  /**
   * @throws NotImplementedError always, with what to use.
   * @example
   * ```ts
   * import * as torch from 'torch-func';
   * try {
   *   new torch.Event();
   * } catch (error) {
   *   (error as Error).message.includes('performance.now()'); // true
   * }
   * ```
   */
  constructor(..._: unknown[]) {
    throw new NotImplementedError(
      `Event is not supported: ${QUEUE}. To wait for them, call torch.cuda.synchronize(); to measure their time, call it before performance.now() at the start and at the end.`,
    );
  }
}
