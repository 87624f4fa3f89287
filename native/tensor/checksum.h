#pragma once
// CRC-32 as in ZIP files.

#include <array>
#include <cstddef>
#include <cstdint>

namespace torch_func {

// Table k has the effect of a byte that k more bytes follow: eight bytes take eight independent look-ups.
inline const std::array<std::array<uint32_t, 256>, 8>& checksumTables() {
  static const auto tables = [] {
    std::array<std::array<uint32_t, 256>, 8> made{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
      uint32_t value = byte;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0U);
      made[0][byte] = value;
    }
    for (size_t k = 1; k < made.size(); ++k) {
      for (size_t byte = 0; byte < 256; ++byte) {
        made[k][byte] = (made[k - 1][byte] >> 8) ^ made[0][made[k - 1][byte] & 0xff];
      }
    }
    return made;
  }();
  return tables;
}

// The checksum of bytes that follow those with the checksum `before`, which is 0 if there are none.
inline uint32_t checksum(const uint8_t* bytes, size_t count, uint32_t before) {
  const auto& tables = checksumTables();
  uint32_t value = ~before;
  for (; count >= 8; bytes += 8, count -= 8) {
    uint32_t next = 0;
    for (size_t i = 0; i < 8; ++i) {
      const uint32_t byte = i < 4 ? bytes[i] ^ ((value >> (8 * i)) & 0xff) : bytes[i];
      next ^= tables[7 - i][byte];
    }
    value = next;
  }
  for (; count > 0; ++bytes, --count) value = (value >> 8) ^ tables[0][(value ^ *bytes) & 0xff];
  return ~value;
}

}  // namespace torch_func
