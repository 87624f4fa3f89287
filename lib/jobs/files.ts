/** The file formats of jobs: opens and creates files behind the interfaces of rows.ts. */

import { isNpyDtype } from '../npy/dtypes';
import { NpyReader } from '../npy/reader';
import { NpyWriter } from '../npy/writer';
import { JobError, reading, writing } from './errors';
import type { RowReader, RowType, RowWriter } from './rows';

/**
 * Opens an array of samples, shape (N, ...).
 *
 * @throws JobError (`input`) if the file cannot be read or holds a single number.
 */
export function openRows(file: string): RowReader {
  const reader = reading(file, () => NpyReader.open(file));
  if (reader.shape.length > 0) return reader;
  reader.close();
  throw new JobError('input', `${file} holds a single number; expected an array of samples, of shape (N, ...)`);
}

/**
 * Creates an array of `rows` rows.
 *
 * @throws JobError (`output`) if the file cannot be written or its format lacks the dtype.
 */
export function createRows(file: string, rows: number, { dtype, shape }: RowType): RowWriter {
  if (!isNpyDtype(dtype))
    throw new JobError('output', `cannot write ${file}: an .npy file cannot hold ${dtype} values`);
  return writing(file, () => NpyWriter.create(file, { dtype, shape: [rows, ...shape] }));
}
