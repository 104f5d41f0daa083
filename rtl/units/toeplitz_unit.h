// The Toeplitz hash of the NIC by RTL: rtl/blocks/toeplitz, or another block with its registers (toeplitz.def) behind a
// register port.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>

#include "rtl/bridges/register_target.h"
#include "rtl/units/packet_math_unit.h"
#include "rtl/units/word_access.h"

namespace cardvp::rtl {

class ToeplitzUnit final : public PacketMathUnit, public nic::ToeplitzMath {
 public:
  ToeplitzUnit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config);

  std::unique_ptr<Key> make_key(std::span<const std::uint8_t, net::kToeplitzKeyBytes> key) override;
  void reset() override { reset_block(); }

 private:
  using KeyBytes = std::array<std::uint8_t, net::kToeplitzKeyBytes>;
  class UnitKey;

  nic::Answer hash(const UnitKey& key, std::span<const std::uint8_t> input);
  std::uint32_t run(WordAccess& registers, const KeyBytes& key, std::span<const std::uint8_t> input);
  void forget() override { loaded_.reset(); }

  RegisterTarget registers_;
  std::optional<KeyBytes> loaded_;  // the key that the block has: written only when it is another one
};

}  // namespace cardvp::rtl
