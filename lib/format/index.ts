/** Printing of tensors. */

export { getPrintOptions, setPrintOptions, type PrintOptions } from './print-options';
export { formatTensor } from './tensor';
