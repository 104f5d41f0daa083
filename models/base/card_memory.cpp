#include "models/base/card_memory.h"

#include <algorithm>

namespace cardvp {

bool CardMemory::read(std::uint64_t address, std::span<std::byte> to, sc_core::sc_time& delay) {
  return transfer(tlm::TLM_READ_COMMAND, address, reinterpret_cast<unsigned char*>(to.data()), to.size(), delay);
}

bool CardMemory::write(std::uint64_t address, std::span<const std::byte> from, sc_core::sc_time& delay) {
  // TLM has one pointer for both directions; targets only read from that of a write.
  auto* const data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(from.data()));
  return transfer(tlm::TLM_WRITE_COMMAND, address, data, from.size(), delay);
}

bool CardMemory::transfer(tlm::tlm_command command, std::uint64_t address, unsigned char* data, std::size_t bytes,
                          sc_core::sc_time& delay) {
  constexpr std::size_t kChunk = 4096;  // no access crosses a page
  while (bytes > 0) {
    const std::size_t size = std::min<std::size_t>(bytes, kChunk - address % kChunk);
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(data);
    payload.set_data_length(static_cast<unsigned>(size));
    payload.set_streaming_width(static_cast<unsigned>(size));
    socket_->b_transport(payload, delay);
    if (payload.is_response_error()) return false;
    address += size;
    data += size;
    bytes -= size;
  }
  return true;
}

}  // namespace cardvp
