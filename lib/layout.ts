/** PyTorch's names for layouts and memory formats, as values of the types `Layout` and `MemoryFormat`. */

export const strided = 'strided';
export const sparseCoo = 'sparse_coo';
export const sparseCsr = 'sparse_csr';
export const sparseCsc = 'sparse_csc';
export const sparseBsr = 'sparse_bsr';
export const sparseBsc = 'sparse_bsc';
export const jagged = 'jagged';

export const contiguousFormat = 'contiguous_format';
export const preserveFormat = 'preserve_format';
export const channelsLast = 'channels_last';
export const channelsLast3d = 'channels_last_3d';
