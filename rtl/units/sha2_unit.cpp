#include "rtl/units/sha2_unit.h"

#include <algorithm>

#include "models/base/registers.h"
#include "rtl/units/word_access.h"

namespace cardvp::rtl {
namespace {

namespace sha2 {
#define CARDVP_REGISTERS "rtl/blocks/sha2/sha2.def"
#include "models/base/declare_registers.h"
}  // namespace sha2

}  // namespace

Sha2Unit::Sha2Unit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config)
    : Unit(name, sim, config),
      control_(sim, block(), interface("s_axil", InterfaceKind::kAxiLite, InterfaceRole::kTarget)),
      in_(sim, block(), interface("s_axis", InterfaceKind::kAxiStream, InterfaceRole::kSink)),
      messages_(counter("messages", "messages")),
      bytes_(counter("bytes", "bytes")),
      failures_(counter("failures", "messages")) {}

bool Sha2Unit::hash(security_hash algorithm, std::span<const std::byte> data, std::span<std::byte> digest) {
  messages_.add();
  bytes_.add(data.size());
  if (run(algorithm, data, digest)) return true;
  failures_.add();
  log_.warning("a message failed, the block is reset",
               {{"algorithm", static_cast<unsigned>(algorithm)}, {"bytes", data.size()}});
  reset();
  return false;
}

bool Sha2Unit::run(security_hash algorithm, std::span<const std::byte> data, std::span<std::byte> digest) {
  WordAccess registers(control_);
  registers.write(sha2::offset::ALGORITHM, static_cast<std::uint32_t>(algorithm));
  registers.write(sha2::offset::CONTROL, static_cast<std::uint32_t>(sha2::CONTROL_START.mask()));
  if (!registers.ok()) return false;
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(data.data());
  packet_.data.assign(bytes, bytes + data.size());
  AxiStreamSource::Sending sending(in_, packet_);
  if (!is_okay(in_.send_now(sending))) return false;

  const std::uint64_t begun = block().domain()->cycles();
  std::uint32_t status = 0;
  do {
    status = registers.read(sha2::offset::INTERRUPT_STATUS);
  } while (registers.ok() && !sha2::INTERRUPT_STATUS_DONE.of(status) &&
           block().domain()->cycles() - begun < block().time_out_cycles());
  const bool done = sha2::INTERRUPT_STATUS_DONE.of(status) && !sha2::INTERRUPT_STATUS_ERROR.of(status);
  registers.write(sha2::offset::INTERRUPT_STATUS, status);
  std::array<std::uint8_t, 64> words{};
  registers.read(sha2::offset::DIGEST, words);
  if (!registers.ok() || !done) return false;
  std::memcpy(digest.data(), words.data(), digest.size());
  return true;
}

}  // namespace cardvp::rtl
