// Physical Region Pages: how a command says where its data is (NVMe 1.4, 4.3).
#pragma once

#include <cstdint>

#include "host/memory.h"
#include "host/nvme/spec.h"

namespace cardvp::host::nvme {

// Pages of PRP lists that a transfer of up to `bytes` needs, whatever its alignment.
std::uint64_t prp_list_pages(std::uint64_t bytes);

// Fills PRP1 and PRP2 for contiguous data of 1 byte or more; where more than two pages are touched, writes the list to
// `list`, page-aligned and long enough (prp_list_pages), the last entry of each full page pointing to the next.
void build_prps(Memory& memory, std::uint64_t list, std::uint64_t address, std::uint64_t bytes, Command& command);

}  // namespace cardvp::host::nvme
