// CRC-32C (Castagnoli; RFC 3720, 12.1): receive-side scaling by CRC.
#pragma once

#include <cstdint>
#include <span>

namespace cardvp::net {

// Reflected, started with ~initial and complemented at the end, so that a result can be the next call's `initial`.
std::uint32_t crc32c(std::span<const std::uint8_t> data, std::uint32_t initial = 0);

}  // namespace cardvp::net
