/** The records of a ZIP file: signatures, sizes and special values (PKWARE's APPNOTE, sections 4.3 and 4.5). */

export const LOCAL_HEADER = { signature: 0x04034b50, size: 30 } as const;
export const CENTRAL_HEADER = { signature: 0x02014b50, size: 46 } as const;
export const END = { signature: 0x06054b50, size: 22 } as const;
export const ZIP64_END = { signature: 0x06064b50, size: 56 } as const;
export const ZIP64_LOCATOR = { signature: 0x07064b50, size: 20 } as const;

/** The extra field with sizes of eight bytes. */
export const ZIP64_EXTRA = 0x0001;

/** A field with this value is in the ZIP64 record instead. */
export const MAX_16 = 0xffff;
export const MAX_32 = 0xffffffff;

/** Bits of the general purpose flags. */
export const FLAG_ENCRYPTED = 0x0001;
export const FLAG_STRONG_ENCRYPTION = 0x0040;
export const FLAG_UTF8 = 0x0800;

/** Compression methods. */
export const STORED = 0;
export const DEFLATED = 8;
