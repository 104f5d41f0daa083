#include "models/security/engine.h"

#include <cassert>

namespace cardvp::security {
namespace regs {
#define CARDVP_REGISTERS "models/security/security.def"
#include "models/base/declare_registers.h"
}  // namespace regs

using sc_core::sc_time;

Engine::Engine(sc_core::sc_module_name name, Sim& sim, const EngineConfig& config, const memory::FusesConfig& fuses,
               Alarms& alarms, std::unique_ptr<Crypto> crypto)
    : RegisterTarget(name, sim, regs::kBank),
      alarms_(alarms),
      operations_(sim, this->name(), config, fuses, memory_, std::move(crypto)),
      executing_(sim.scheduler) {
  for (unsigned ring = 0; ring < kRings; ++ring)
    rings_.push_back(
        std::make_unique<Ring>(sim, operations_, memory_, config.lanes, [this, ring] { note_ring(ring); }));
  card.register_invalidate_direct_mem_ptr(this, &Engine::invalidate_direct);
  hang_hooks();
  hang_slot_hooks();
  hang_ring_hooks();
  reset();
}

Engine::~Engine() = default;

void Engine::invalidate_direct(sc_dt::uint64 first, sc_dt::uint64 last) { memory_.invalidate(first, last); }

void Engine::hang_hooks() {
  registers_.on_write(regs::INTERRUPT_STATUS, [this](const RegisterWrite&) { update_interrupt(); });
  registers_.on_write(regs::INTERRUPT_ENABLE, [this](const RegisterWrite&) { update_interrupt(); });
  registers_.on_write(regs::EXECUTE, [this](const RegisterWrite& write) { execute(write); });
  registers_.on_read(regs::MEASUREMENT, [this](std::uint32_t word) -> std::uint64_t {
    constexpr std::uint32_t kWords = SECURITY_DIGEST_BYTES / 4;
    const std::uint8_t* const bytes = &operations_.measurement(word / kWords)[word % kWords * 4];
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | std::uint64_t{bytes[3]} << 24;
  });
}

// A key is destroyed when the write is made, not when the kernel's time gets there: no sooner is too late.
void Engine::hang_slot_hooks() {
  registers_.on_read(regs::SLOT_STATUS, [this](std::uint32_t) -> std::uint64_t {
    const KeySlots::Info& info =
        operations_.slots().info(static_cast<unsigned>(registers_.get(regs::SLOT_SELECT_SLOT)));
    return regs::SLOT_STATUS_VALID.in(info.valid) | regs::SLOT_STATUS_BYTES.in(info.bytes) |
           regs::SLOT_STATUS_PURPOSE.in(info.purpose);
  });
  registers_.on_read(regs::SLOT_OWNER, [this](std::uint32_t) -> std::uint64_t {
    return operations_.slots().info(static_cast<unsigned>(registers_.get(regs::SLOT_SELECT_SLOT))).owner;
  });
  registers_.on_write(regs::SLOT_DESTROY, [this](const RegisterWrite& write) {
    operations_.slots().destroy(static_cast<unsigned>(regs::SLOT_DESTROY_SLOT.of(write.written)));
  });
  registers_.on_write(regs::OWNER_DESTROY, [this](const RegisterWrite& write) {
    operations_.slots().destroy_owner(static_cast<std::uint16_t>(regs::OWNER_DESTROY_OWNER.of(write.written)));
  });
}

void Engine::hang_ring_hooks() {
  const auto keep_while_enabled = [this](const RegisterWrite& write, regs::Register id) {
    if (rings_[write.index]->enabled()) registers_.set(id, write.old, write.index);
  };
  registers_.on_write(regs::RING_BASE, [=](const RegisterWrite& write) { keep_while_enabled(write, regs::RING_BASE); });
  registers_.on_write(regs::RING_SIZE, [=](const RegisterWrite& write) { keep_while_enabled(write, regs::RING_SIZE); });
  registers_.on_write(regs::RING_CONTROL, [this](const RegisterWrite& write) { control_ring(write); });
  registers_.on_write(regs::RING_TAIL, [this](const RegisterWrite& write) {
    rings_[write.index]->announce(static_cast<std::uint32_t>(regs::RING_TAIL_INDEX.of(write.value)), access_time());
  });
  registers_.on_read(regs::RING_HEAD, [this](std::uint32_t index) { return rings_[index]->head(); });
  registers_.on_read(regs::RING_STATUS, [this](std::uint32_t index) {
    return regs::RING_STATUS_ERROR.in(static_cast<std::uint64_t>(rings_[index]->error()));
  });
}

void Engine::control_ring(const RegisterWrite& write) {
  Ring& ring = *rings_[write.index];
  const bool on = regs::RING_CONTROL_ENABLE.of(write.value);
  if (on == ring.enabled()) return;
  if (!on) return ring.disable();
  registers_.set(regs::RING_TAIL, 0, write.index);
  ring.enable(registers_.get(regs::RING_BASE, write.index),
              static_cast<std::uint32_t>(registers_.get(regs::RING_SIZE_ENTRIES, write.index)));
}

void Engine::execute(const RegisterWrite& write) {
  const bool low_half = write.mask & 0xffffffff;  // the upper half alone starts nothing
  if (!low_half || registers_.get(regs::EXECUTE_STATUS_BUSY)) return;
  registers_.set(regs::EXECUTE_STATUS, 0);
  registers_.set(regs::EXECUTE_STATUS_BUSY, 1);
  executing_.spawn(run(write.written, access_time()));
}

Task<> Engine::run(std::uint64_t address, sc_time start) {
  co_await scheduler().until(start);
  security_descriptor descriptor;
  if (address % 8 != 0) co_return end_execute(SECURITY_BAD_DESCRIPTOR);
  sc_time delay;
  if (!memory_.read(address, std::as_writable_bytes(std::span(&descriptor, 1)), delay))
    co_return end_execute(SECURITY_BUS_ERROR);
  const Operations::Job job = operations_.begin(descriptor, now() + delay);
  co_await scheduler().until(job.time.end);
  const Operations::Result result = operations_.finish(job);
  const std::array<std::uint32_t, 2> ending{result.status, result.size};
  const bool written = memory_.write(address + offsetof(security_descriptor, status), std::as_bytes(std::span(ending)));
  end_execute(written ? result.status : SECURITY_BUS_ERROR);
}

void Engine::end_execute(security_status status) {
  registers_.set(regs::EXECUTE_STATUS_CODE, status);
  registers_.set(regs::EXECUTE_STATUS_BUSY, 0);
  note(regs::INTERRUPT_STATUS_EXECUTE.mask());
}

void Engine::note_ring(unsigned ring) { note(regs::INTERRUPT_STATUS_RING.in(1u << ring)); }

void Engine::note(std::uint64_t interrupt) {
  registers_.set(regs::INTERRUPT_STATUS, registers_.get(regs::INTERRUPT_STATUS) | interrupt);
  update_interrupt();
}

void Engine::update_interrupt() {
  interrupt.set((registers_.get(regs::INTERRUPT_STATUS) & registers_.get(regs::INTERRUPT_ENABLE)) != 0);
}

void Engine::tamper() {
  if (tampered()) return;
  operations_.tamper();
  registers_.set(regs::STATUS_TAMPERED, 1);
  alarms_.raise("tamper", "the tamper sensor has tripped: all keys are zeroised");
  note(regs::INTERRUPT_STATUS_TAMPER.mask());
}

void Engine::reset() {
  executing_.cancel();
  for (const auto& ring : rings_) ring->reset();
  operations_.reset();
  registers_.reset();
  registers_.set(regs::CAPABILITIES_RINGS, kRings);
  registers_.set(regs::CAPABILITIES_SLOTS, operations_.slots().count());
  update_interrupt();
}

Measurement Engine::measurement(unsigned index) const { return operations_.measurement(index); }

bool Engine::verify(std::span<const std::byte> message, std::span<const std::byte, 96> public_key,
                    std::span<const std::byte, 96> signature) {
  std::array<std::byte, SECURITY_DIGEST_BYTES> digest;
  Crypto& crypto = operations_.crypto();
  return crypto.hash(SECURITY_SHA384, message, digest).status == SECURITY_OK &&
         crypto.ecdsa_verify(SECURITY_P384, digest, public_key, signature).status == SECURITY_OK;
}

namespace {

bool permitted(const KeySlots::Info& info, KeyReference key, unsigned purpose) {
  return info.valid && info.owner == key.owner && (info.purpose & purpose) != 0;
}

constexpr unsigned kTransitKeyBytes = 32;  // AES-256

}  // namespace

bool Engine::usable(KeyReference key) const {
  const KeySlots& slots = operations_.slots();
  return permitted(slots.info(key.slot), key, SECURITY_FOR_XTS) && slots.xts(key.slot) != nullptr;
}

security_status Engine::note_time(const Outcome& outcome) {
  if (outcome.took) cipher_busy_until_ = now() + *outcome.took;
  return outcome.status;
}

bool Engine::apply(KeyReference key, CipherDirection direction, std::uint64_t first_unit, std::uint32_t unit,
                   std::span<const std::byte> from, std::span<std::byte> to) {
  assert((unit == 512 || unit == 4096) && from.size() == to.size() && from.size() % unit == 0);
  if (!usable(key)) return false;
  Crypto::Tweak tweak{};
  for (unsigned i = 0; i < 8; ++i) tweak[i] = static_cast<std::uint8_t>(first_unit >> 8 * i);
  return note_time(operations_.slots().xts(key.slot)->run(direction, tweak, unit, from, to)) == SECURITY_OK;
}

sc_time Engine::reserve(std::uint64_t bytes, sc_time start) {
  return operations_.reserve_cipher(bytes, start, Operations::User::kVolume);
}

bool Engine::usable_in_transit(KeyReference key) const {
  const KeySlots::Info& info = operations_.slots().info(key.slot);
  return permitted(info, key, SECURITY_FOR_GCM) && info.bytes == kTransitKeyBytes;
}

TransitCipher::Result Engine::seal(KeyReference key, Iv iv, std::span<const std::byte> additional,
                                   std::span<std::byte> data, std::span<std::byte, kTagBytes> tag) {
  if (!usable_in_transit(key)) return Result::kNoKey;
  const Outcome outcome = operations_.slots().gcm(key.slot)->seal(iv, additional, data, data, tag);
  return note_time(outcome) == SECURITY_OK ? Result::kOk : Result::kNoKey;
}

TransitCipher::Result Engine::open(KeyReference key, Iv iv, std::span<const std::byte> additional,
                                   std::span<std::byte> data, std::span<const std::byte, kTagBytes> tag) {
  if (!usable_in_transit(key)) return Result::kNoKey;
  const Outcome outcome = operations_.slots().gcm(key.slot)->open_in_place(iv, additional, data, tag);
  return note_time(outcome) == SECURITY_OK ? Result::kOk : Result::kForged;
}

sc_time Engine::reserve_transit(std::uint64_t bytes, sc_time start) {
  return operations_.reserve_cipher(bytes, start, Operations::User::kTransit);
}

}  // namespace cardvp::security
