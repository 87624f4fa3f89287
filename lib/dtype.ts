/** The type `Dtype`, and the kinds of dtypes. */

/** The element type of a tensor, as in `torch.dtype`; a string: `torch.float32 === 'float32'`. */
export type Dtype = (typeof DTYPES)[number];

const DTYPES = [
  ...(['bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'uint16', 'uint32', 'uint64'] as const),
  ...(['float8_e4m3fn', 'float8_e4m3fnuz', 'float8_e5m2', 'float8_e5m2fnuz', 'float8_e8m0fnu'] as const),
  ...(['float16', 'bfloat16', 'float32', 'float64', 'complex32', 'complex64', 'complex128'] as const),
] as const;

/** Whether a value is the name of a dtype. */
export function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && (DTYPES as readonly string[]).includes(value);
}

/** Whether tensors of this dtype can have gradients and tangents: a floating-point or a complex one. */
export function isDifferentiable(dtype: Dtype): boolean {
  return /^(b?float|complex)/.test(dtype);
}

/** Whether a dtype is complex. */
export function isComplexDtype(dtype: Dtype): boolean {
  return dtype.startsWith('complex');
}
