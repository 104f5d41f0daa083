#include "rtl/units/aes_unit.h"

#include <algorithm>

#include "models/base/registers.h"
#include "rtl/units/word_access.h"

namespace cardvp::rtl {
namespace {

namespace aes {
#define CARDVP_REGISTERS "rtl/blocks/aes/aes.def"
#include "models/base/declare_registers.h"
}  // namespace aes

constexpr std::size_t kBeat = 16;     // bytes of the streams
constexpr std::size_t kIvBytes = 12;  // of an IV that goes into the registers, with GCM
constexpr std::size_t kMostBytes = 1 << 24;

std::span<const std::uint8_t> bytes_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

void append(std::vector<std::uint8_t>& packet, std::span<const std::byte> part) {
  packet.resize((packet.size() + kBeat - 1) / kBeat * kBeat);  // each part begins in a beat of its own
  const std::span<const std::uint8_t> bytes = bytes_of(part);
  packet.insert(packet.end(), bytes.begin(), bytes.end());
}

std::uint32_t size32(std::span<const std::byte> bytes) { return static_cast<std::uint32_t>(bytes.size()); }

}  // namespace

AesUnit::AesUnit(sc_core::sc_module_name name, Sim& sim, const UnitConfig& config)
    : Unit(name, sim, config),
      control_(sim, block(), interface("s_axil", InterfaceKind::kAxiLite, InterfaceRole::kTarget)),
      in_(sim, block(), interface("s_axis", InterfaceKind::kAxiStream, InterfaceRole::kSink)),
      out_(sim, block(), interface("m_axis", InterfaceKind::kAxiStream, InterfaceRole::kSource),
           {.stalls = {}, .capacity = 2, .max_packet = kMostBytes}),
      commands_(counter("commands", "commands")),
      bytes_(counter("bytes", "bytes")),
      failures_(counter("failures", "commands")) {}

void AesUnit::reset() {
  block().reset();
  loaded_ = 0;
}

void AesUnit::forget_key(std::uint64_t key_id) {
  if (loaded_ != key_id) return;
  loaded_ = 0;
  WordAccess registers(control_);
  registers.write(aes::offset::CONTROL, static_cast<std::uint32_t>(aes::CONTROL_ZEROISE.mask()));
  if (!registers.ok()) reset();
}

AesUnit::Result AesUnit::fail(const AesCommand& command, std::string_view why) {
  failures_.add();
  log_.warning("a command failed, the block is reset",
               {{"why", why}, {"mode", command.gcm ? "GCM" : "XTS"}, {"bytes", command.from.size()}});
  reset();
  return Result::kFailed;
}

AesUnit::Result AesUnit::run(const AesCommand& command) {
  commands_.add();
  bytes_.add(command.from.size());
  if (!load_key(command) || !start(command)) return fail(command, "its registers do not answer");
  if (!stream(command)) return fail(command, "its streams do not move");

  WordAccess registers(control_);
  const std::uint64_t begun = block().domain()->cycles();
  std::uint32_t status = 0;
  do {
    status = registers.read(aes::offset::INTERRUPT_STATUS);
  } while (registers.ok() && !aes::INTERRUPT_STATUS_DONE.of(status) &&
           block().domain()->cycles() - begun < block().time_out_cycles());
  if (!registers.ok() || !aes::INTERRUPT_STATUS_DONE.of(status)) return fail(command, "it does not end");

  std::uint32_t error = 0;
  if (aes::INTERRUPT_STATUS_ERROR.of(status)) {
    error = registers.read(aes::offset::ERROR);
    registers.write(aes::offset::ERROR, error);
  }
  registers.write(aes::offset::INTERRUPT_STATUS, status);
  std::array<std::uint8_t, kBeat> tag{};
  const bool sealed = command.gcm && !command.decrypt;
  if (sealed) registers.read(aes::offset::TAG_OUT, tag);
  if (!registers.ok()) return fail(command, "its registers do not answer");
  if (aes::ERROR_CONFIG.of(error) || aes::ERROR_FRAMING.of(error)) return fail(command, "it refuses the command");
  if (sealed) std::memcpy(command.tag.data(), tag.data(), command.tag.size());
  return aes::ERROR_TAG.of(error) ? Result::kWrongTag : Result::kOk;
}

bool AesUnit::load_key(const AesCommand& command) {
  if (loaded_ == command.key_id) return true;
  loaded_ = 0;
  WordAccess registers(control_);
  registers.write(aes::offset::KEY, bytes_of(command.key));
  if (registers.ok()) loaded_ = command.key_id;
  return registers.ok();
}

bool AesUnit::start(const AesCommand& command) {
  WordAccess registers(control_);
  const std::size_t key_256 = command.gcm ? 32 : 64;
  const std::array<std::uint32_t, 6> setup = {
      static_cast<std::uint32_t>(aes::MODE_GCM.in(command.gcm) | aes::MODE_DECRYPT.in(command.decrypt) |
                                 aes::MODE_KEY_256.in(command.key.size() == key_256)),
      command.unit,
      size32(command.additional),
      size32(command.from),
      size32(command.iv),
      command.decrypt ? size32(command.expected_tag) : size32(command.tag),
  };
  static_assert(aes::offset::TAG_LENGTH - aes::offset::MODE == 20);
  // Of XTS the last two mean nothing.
  registers.write(aes::offset::MODE, bytes_of(std::as_bytes(std::span(setup).first(command.gcm ? 6 : 4))));
  if (!command.gcm || command.iv.size() == kIvBytes) registers.write(aes::offset::IV, bytes_of(command.iv));
  if (command.gcm && command.decrypt) {
    std::array<std::uint8_t, kBeat> tag{};
    std::ranges::copy(bytes_of(command.expected_tag), tag.begin());
    registers.write(aes::offset::TAG_IN, tag);
  }
  registers.write(aes::offset::CONTROL, static_cast<std::uint32_t>(aes::CONTROL_START.mask()));
  return registers.ok();
}

bool AesUnit::stream(const AesCommand& command) {
  packet_.data.clear();
  if (command.gcm && command.iv.size() != kIvBytes) append(packet_.data, command.iv);
  append(packet_.data, command.additional);
  append(packet_.data, command.from);
  if (packet_.data.empty()) return true;
  AxiStreamSource::Sending sending(in_, packet_);
  if (command.from.empty()) return is_okay(in_.send_now(sending));
  in_.start(sending);
  AxiStreamSink::Receiving receiving(out_);
  if (!is_okay(out_.receive_now(receiving)) || !sending.done.done() || !is_okay(sending.response)) return false;
  if (receiving.packet.data.size() != command.to.size()) return false;
  std::memcpy(command.to.data(), receiving.packet.data.data(), command.to.size());
  return true;
}

}  // namespace cardvp::rtl
