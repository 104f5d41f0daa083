// Checksums of the NIC by RTL: rtl/blocks/checksum, or another block with its registers (checksum.def) and streams.
#pragma once

#include <cstdint>
#include <span>

#include "rtl/bridges/axi_stream_source.h"
#include "rtl/bridges/axi_target.h"
#include "rtl/units/packet_math_unit.h"
#include "rtl/units/word_access.h"

namespace cardvp::rtl {

class ChecksumUnit final : public PacketMathUnit, public nic::ChecksumMath {
 public:
  ChecksumUnit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config);

  // Of no bytes, `initial`: nothing goes to the block.
  nic::Answer sum(std::span<const std::byte> data, std::uint32_t initial) override;
  nic::Answer crc32c(std::span<const std::uint8_t> data, std::uint32_t initial) override;
  void reset() override { reset_block(); }

 private:
  // One of the block's two results.
  struct Kind {
    std::uint32_t initial, result;  // offsets of registers
    std::uint32_t ChecksumUnit::*written;
  };
  static const Kind kSum, kCrc;

  std::uint32_t run(WordAccess& registers, const Kind& kind, std::uint32_t initial);
  void forget() override { initial_sum_ = initial_crc_ = 0; }

  AxiTarget registers_;
  AxiStreamSource stream_;
  StreamPacket packet_;
  std::uint32_t initial_sum_ = 0, initial_crc_ = 0;  // that the block has
};

}  // namespace cardvp::rtl
