/** Printing of tensors. */

export { getPrintOptions, setPrintOptions, type PrintOptions } from './options';
export { formatTensor } from './tensor';
