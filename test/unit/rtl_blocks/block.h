// A block of rtl/blocks in a bare loop, without SystemC: registers, streams and, for a bus master, memory, a clock
// cycle at a time. The Verilated classes stay in blocks.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "test/unit/rtl_blocks/axi_memory.h"

namespace cardvp::rtl_blocks {

using Bytes = std::vector<std::uint8_t>;

struct Beat {
  std::array<std::uint8_t, 16> data{};  // as many as the stream is wide
  std::uint32_t keep = 0;
  bool last = false;
};

// A block's registers, in RTL or in a model.
class Registers {
 public:
  virtual ~Registers() = default;

  // A register access; false, or none, if it was answered by an error.
  virtual bool write(std::uint32_t address, std::uint32_t value, unsigned strobes = 0xf) = 0;
  virtual std::optional<std::uint32_t> read(std::uint32_t address) = 0;
  // They are behind a plain port: no errors, no byte strobes.
  virtual bool has_register_port() const = 0;

  // What must be OKAY.
  void set(std::uint32_t address, std::uint32_t value);
  std::uint32_t get(std::uint32_t address);
  // Four bytes a register, the first lowest; the last register is filled up with zeros.
  void set_bytes(std::uint32_t address, std::span<const std::uint8_t> bytes);
  Bytes get_bytes(std::uint32_t address, std::size_t size);
};

class Block : public Registers {
 public:
  // One clock cycle with whatever is pending.
  virtual void cycle() = 0;
  virtual bool irq() const = 0;

  // Bytes as the beats of one packet, `width` bytes each.
  static std::vector<Beat> packet(std::span<const std::uint8_t> bytes, std::size_t width);
  void send(const std::vector<Beat>& beats) { to_send.insert(to_send.end(), beats.begin(), beats.end()); }
  // The bytes of what was received since the last call; packets one behind another.
  Bytes take_received();
  // Cycles until the interrupt pin is 1; false if it is not within `most`.
  bool wait_for_irq(std::uint64_t most = 1'000'000);

  std::deque<Beat> to_send;
  std::vector<Beat> received;
  // How often, of 100 cycles, the streams' other sides pause.
  unsigned source_pauses = 0, sink_pauses = 0;
  std::uint64_t cycles = 0;
  // What broke a rule of AXI; empty if nothing did.
  std::vector<std::string> violations;
  AxiMemory memory;
  std::mt19937 random{1};
};

// bug: the parameter BUG. Null if that was not built.
std::unique_ptr<Block> make_aes(unsigned bug = 0);
std::unique_ptr<Block> make_checksum(unsigned bug = 0);
std::unique_ptr<Block> make_dma(unsigned bug = 0);
std::unique_ptr<Block> make_sha2(unsigned bug = 0);
std::unique_ptr<Block> make_toeplitz(unsigned bug = 0);

}  // namespace cardvp::rtl_blocks
