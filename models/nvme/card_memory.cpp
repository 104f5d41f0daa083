#include "models/nvme/card_memory.h"

#include <algorithm>

namespace cardvp::nvme {

bool CardMemory::read(std::uint64_t address, std::span<std::byte> to, sc_core::sc_time& delay) {
  constexpr std::size_t kChunk = 4096;  // no access crosses a page
  while (!to.empty()) {
    const std::size_t size = std::min<std::size_t>(to.size(), kChunk - address % kChunk);
    tlm::tlm_generic_payload payload;
    payload.set_read();
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(to.data()));
    payload.set_data_length(static_cast<unsigned>(size));
    payload.set_streaming_width(static_cast<unsigned>(size));
    socket_->b_transport(payload, delay);
    if (payload.is_response_error()) return false;
    address += size;
    to = to.subspan(size);
  }
  return true;
}

}  // namespace cardvp::nvme
