// An engine's way to the card's own memory, for what the firmware hands over by address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <systemc>
#include <tlm>

namespace cardvp {

class CardMemory {
 public:
  explicit CardMemory(tlm::tlm_initiator_socket<>& socket) : socket_(socket) {}

  // Adds the bus's time to `delay`. False on a bus error; then `to` may be changed in part.
  bool read(std::uint64_t address, std::span<std::byte> to, sc_core::sc_time& delay);
  // The same; on a bus error the memory may be changed in part.
  bool write(std::uint64_t address, std::span<const std::byte> from, sc_core::sc_time& delay);

 private:
  bool transfer(tlm::tlm_command command, std::uint64_t address, unsigned char* data, std::size_t bytes,
                sc_core::sc_time& delay);

  tlm::tlm_initiator_socket<>& socket_;
};

}  // namespace cardvp
