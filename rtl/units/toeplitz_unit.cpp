#include "rtl/units/toeplitz_unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "models/base/registers.h"

namespace cardvp::rtl {

namespace {

namespace regs {
#define CARDVP_REGISTERS "rtl/blocks/toeplitz/toeplitz.def"
#include "models/base/declare_registers.h"
}  // namespace regs

constexpr std::size_t kMostInput = 36;
constexpr unsigned kMostBusy = 9;  // cycles, and a read takes one

}  // namespace

class ToeplitzUnit::UnitKey final : public Key {
 public:
  UnitKey(ToeplitzUnit& unit, std::span<const std::uint8_t, net::kToeplitzKeyBytes> key) : unit_(unit) {
    std::copy(key.begin(), key.end(), bytes.begin());
    if (unit.lockstep()) model.emplace(key);
  }
  nic::Answer hash(std::span<const std::uint8_t> input) override { return unit_.hash(*this, input); }

  KeyBytes bytes;
  std::optional<net::Toeplitz> model;  // in lockstep

 private:
  ToeplitzUnit& unit_;
};

ToeplitzUnit::ToeplitzUnit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config)
    : PacketMathUnit(name, sim, config),
      registers_(sim, block(), interface("register_port", InterfaceKind::kRegisterPort, InterfaceRole::kTarget)) {}

std::unique_ptr<nic::ToeplitzMath::Key> ToeplitzUnit::make_key(
    std::span<const std::uint8_t, net::kToeplitzKeyBytes> key) {
  return std::make_unique<UnitKey>(*this, key);
}

std::uint32_t ToeplitzUnit::run(WordAccess& registers, const KeyBytes& key, std::span<const std::uint8_t> input) {
  if (loaded_ != key) {
    registers.write(regs::offset::KEY, key);
    loaded_ = key;
  }
  std::array<std::uint8_t, kMostInput> words{};
  std::copy(input.begin(), input.end(), words.begin());
  registers.write(regs::offset::INPUT, std::span(words).first((input.size() + 3) / 4 * 4));
  registers.write(regs::offset::LENGTH, static_cast<std::uint32_t>(input.size()));
  std::uint32_t status = registers.read(regs::offset::STATUS);
  for (unsigned i = 0; i < kMostBusy && regs::STATUS_BUSY.of(status); ++i)
    status = registers.read(regs::offset::STATUS);
  const std::uint32_t hash = registers.read(regs::offset::HASH);
  if (regs::STATUS_BUSY.of(status)) registers.fail("STATUS.BUSY stays");
  if (regs::STATUS_ERROR.of(status)) registers.fail("STATUS.ERROR");
  return hash;
}

nic::Answer ToeplitzUnit::hash(const UnitKey& key, std::span<const std::uint8_t> input) {
  assert(input.size() <= kMostInput);
  const sc_core::sc_time begun = block_time();
  WordAccess registers(registers_);
  const std::uint32_t value = run(registers, key.bytes, input);
  return answer(
      begun, value, registers.failure(), "hash", [&] { return key.model->hash(input); },
      [&] { return fmt::format("Toeplitz hash of {:02x}", fmt::join(input, " ")); });
}

}  // namespace cardvp::rtl
