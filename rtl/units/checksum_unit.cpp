#include "rtl/units/checksum_unit.h"

#include <fmt/format.h>

#include "models/base/registers.h"

namespace cardvp::rtl {

namespace {

namespace regs {
#define CARDVP_REGISTERS "rtl/blocks/checksum/checksum.def"
#include "models/base/declare_registers.h"
}  // namespace regs

}  // namespace

const ChecksumUnit::Kind ChecksumUnit::kSum{regs::offset::INITIAL_SUM, regs::offset::SUM, &ChecksumUnit::initial_sum_};
const ChecksumUnit::Kind ChecksumUnit::kCrc{regs::offset::INITIAL_CRC, regs::offset::CRC, &ChecksumUnit::initial_crc_};

ChecksumUnit::ChecksumUnit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config)
    : PacketMathUnit(name, sim, config),
      registers_(sim, block(), interface("s_axil", InterfaceKind::kAxiLite, InterfaceRole::kTarget)),
      stream_(sim, block(), interface("s_axis", InterfaceKind::kAxiStream, InterfaceRole::kSink)) {}

// Of packet_.
std::uint32_t ChecksumUnit::run(WordAccess& registers, const Kind& kind, std::uint32_t initial) {
  if (this->*kind.written != initial) registers.write(kind.initial, initial);
  this->*kind.written = initial;
  if (!registers.ok()) return 0;
  AxiStreamSource::Sending sending(stream_, packet_);
  if (const Response response = stream_.send_now(sending); !is_okay(response))
    registers.fail(fmt::format("stream: {}", to_string(response)));
  const std::uint32_t status = registers.read(regs::offset::INTERRUPT_STATUS);
  const std::uint32_t result = registers.read(kind.result);
  registers.write(regs::offset::INTERRUPT_STATUS, status);
  if (regs::INTERRUPT_STATUS_ERROR.of(status)) registers.fail("INTERRUPT_STATUS.ERROR");
  if (!regs::INTERRUPT_STATUS_DONE.of(status)) registers.fail("no INTERRUPT_STATUS.DONE");
  return result;
}

nic::Answer ChecksumUnit::sum(std::span<const std::byte> data, std::uint32_t initial) {
  if (data.empty()) return {.value = initial};
  const sc_core::sc_time begun = block_time();
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(data.data());
  packet_.data.assign(bytes, bytes + data.size());
  WordAccess registers(registers_);
  const auto value = static_cast<std::uint32_t>(regs::SUM_VALUE.of(run(registers, kSum, net::fold(initial))));
  return answer(
      begun, value, registers.failure(), "sum", [&] { return net::fold(net::sum(data, initial)); },
      [&] { return fmt::format("Internet checksum of {} bytes, from {:#x} on", data.size(), initial); });
}

nic::Answer ChecksumUnit::crc32c(std::span<const std::uint8_t> data, std::uint32_t initial) {
  if (data.empty()) return {.value = initial};
  const sc_core::sc_time begun = block_time();
  packet_.data.assign(data.begin(), data.end());
  WordAccess registers(registers_);
  const std::uint32_t value = run(registers, kCrc, initial);
  return answer(
      begun, value, registers.failure(), "CRC-32C", [&] { return net::crc32c(data, initial); },
      [&] { return fmt::format("CRC-32C of {} bytes, from {:#x} on", data.size(), initial); });
}

}  // namespace cardvp::rtl
