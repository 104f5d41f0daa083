// The engine's way to card memory: in place where the bus gives direct access (DMI), by transactions elsewhere. What
// the accesses take in simulated time is a part of an operation's cost, and not counted again, but for descriptors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <systemc>
#include <tlm>

namespace cardvp::security {

class CardMemory {
 public:
  explicit CardMemory(tlm::tlm_initiator_socket<>& socket) : socket_(socket) {}

  // Adds what the access takes to `delay`. False on a bus error, or for a range that leaves the address space; then
  // `to` may be changed in part.
  bool read(std::uint64_t address, std::span<std::byte> to, sc_core::sc_time& delay);
  // False on a bus error; then memory with direct access is unchanged.
  bool write(std::uint64_t address, std::span<const std::byte> from);
  // Whether every byte of the range is at some block's address. (That a block refuses writes shows when one is tried.)
  bool decodes(std::uint64_t address, std::uint64_t size);

  // The range in place; null if the bus does not give direct access to all of it as one piece.
  const std::byte* direct_read(std::uint64_t address, std::uint64_t size);
  std::byte* direct_write(std::uint64_t address, std::uint64_t size);

  // From the bus: forget what was granted there.
  void invalidate(std::uint64_t first, std::uint64_t last);

 private:
  struct Region {
    std::uint64_t first, last;
    std::byte* data;
    bool readable, writable;
    sc_core::sc_time read_latency;
  };
  const Region* find(std::uint64_t address, bool write);
  // Bytes at `address` that one access may take: no access crosses a page or a region's end.
  std::size_t piece(const Region* region, std::uint64_t address, std::size_t size) const;
  bool transport(tlm::tlm_command command, std::uint64_t address, std::byte* data, std::size_t size,
                 sc_core::sc_time& delay);

  tlm::tlm_initiator_socket<>& socket_;
  std::vector<Region> regions_;
};

// What an operation reads, all of it at once.
class MemoryInput {
 public:
  MemoryInput(CardMemory& memory, std::uint64_t address, std::uint32_t size);
  ~MemoryInput();
  MemoryInput(const MemoryInput&) = delete;
  MemoryInput& operator=(const MemoryInput&) = delete;
  bool ok() const { return ok_; }
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> copy_;
  std::span<const std::byte> bytes_;
  bool ok_ = true;
};

// Where an operation writes: in place, or into a copy that finish() sends.
class MemoryOutput {
 public:
  MemoryOutput(CardMemory& memory, std::uint64_t address, std::uint32_t size);
  ~MemoryOutput();
  MemoryOutput(const MemoryOutput&) = delete;
  MemoryOutput& operator=(const MemoryOutput&) = delete;
  bool ok() const { return ok_; }
  std::span<std::byte> bytes() { return bytes_; }
  // False on a bus error.
  bool finish();

 private:
  CardMemory& memory_;
  std::uint64_t address_;
  std::vector<std::byte> copy_;
  std::span<std::byte> bytes_;
  bool ok_ = true;
};

}  // namespace cardvp::security
