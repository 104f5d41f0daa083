#include "test/unit/security/machine.h"

#include "models/security/device_keys.h"

namespace cardvp::security {

Bytes from_hex(const std::string& text) {
  Bytes made;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    made.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return made;
}

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes made(size);
  std::uint32_t state = seed * 2654435761u + 1;
  for (std::uint8_t& byte : made) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return made;
}

memory::FusesConfig SecurityMachine::fuses() {
  memory::FusesConfig made{.card_id = 0x1122334455667788, .life_cycle = 1, .security_version = 7};
  const Bytes secret = pattern(made.device_secret.size(), 99);
  std::copy(secret.begin(), secret.end(), made.device_secret.begin());
  return made;
}

SecurityMachine::SecurityMachine(const EngineConfig& config, std::uint64_t seed)
    : sim(seed),
      bus("bus", sim),
      ram("ram", sim, {.size = kRamSize}),
      rom("rom", sim, kRomSize),
      slow("slow", sim, kSlowSize),
      alarms("alarms", sim),
      engine("engine", sim, config, fuses(), alarms) {
  rom.direct = rom.read_only = true;
  bus.map("registers", kRegisters, 0x1000, engine.socket);
  bus.map("rom", kRom, kRomSize, rom.socket);
  bus.map("slow", kSlow, kSlowSize, slow.socket);
  bus.map("ram", kRam, kRamSize, ram.socket);
  core.socket.bind(bus.target);
  engine.card.bind(bus.target);
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

std::uint64_t SecurityMachine::put(std::uint64_t at, std::span<const std::uint8_t> bytes) {
  if (!bytes.empty()) std::memcpy(ram.bytes().data() + at, bytes.data(), bytes.size());
  return kRam + at;
}

Bytes SecurityMachine::at(std::uint64_t address, std::size_t size) const {
  Bytes made(size);
  if (size != 0) std::memcpy(made.data(), ram.bytes().data() + (address - kRam), size);
  return made;
}

security_status SecurityMachine::run(security_descriptor& descriptor) {
  descriptor.status = SECURITY_PENDING;
  std::memcpy(ram.bytes().data(), &descriptor, sizeof descriptor);
  set(offset::EXECUTE, kDescriptor, 8);
  EXPECT_EQ(get(offset::EXECUTE_STATUS), 1u);
  sc_core::sc_start();
  std::memcpy(&descriptor, ram.bytes().data(), sizeof descriptor);
  EXPECT_EQ(get(offset::EXECUTE_STATUS), descriptor.status << 8);
  return static_cast<security_status>(descriptor.status);
}

security_status SecurityMachine::load(unsigned slot, std::span<const std::uint8_t> key, unsigned purpose,
                                      unsigned owner) {
  const Bytes given = wrapped(key);
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_UNWRAP;
  descriptor.flags = SECURITY_PADDED;
  descriptor.key_slot = SECURITY_SLOT_TRANSPORT;
  descriptor.result_slot = static_cast<std::uint16_t>(slot);
  descriptor.source = put(Places::kKey, given);
  descriptor.source_size = static_cast<std::uint32_t>(given.size());
  descriptor.purpose = static_cast<std::uint16_t>(purpose);
  descriptor.owner = static_cast<std::uint16_t>(owner);
  return run(descriptor);
}

Bytes SecurityMachine::wrapped(std::span<const std::uint8_t> key) {
  const memory::FusesConfig config = fuses();
  std::array<std::byte, kTransportKeyBytes> transport;
  derive_transport_key(*crypto_, std::as_bytes(std::span(config.device_secret)), config.card_id, transport);
  Bytes made(wrapped_bytes(key.size()));
  EXPECT_EQ(crypto_->wrap(transport, std::as_bytes(key), true, std::as_writable_bytes(std::span(made))).status,
            SECURITY_OK);
  return made;
}

void SecurityMachine::replace(unsigned slot, std::span<const std::uint8_t> key, unsigned purpose, unsigned owner) {
  set(offset::SLOT_DESTROY, slot);
  ASSERT_EQ(load(slot, key, purpose, owner), SECURITY_OK);
}

std::uint64_t SecurityMachine::slot_status(unsigned slot) {
  set(offset::SLOT_SELECT, slot);
  return get(offset::SLOT_STATUS);
}

Batch::Batch(SecurityMachine& machine, unsigned ring, std::uint32_t entries)
    : machine_(machine), ring_(ring), entries_(entries) {
  machine_.set(offset::RING_BASE + 0x20 * ring, ring_address(0), 8);
  machine_.set(offset::RING_SIZE + 0x20 * ring, entries);
  machine_.set(offset::RING_CONTROL + 0x20 * ring, 1);
}

std::uint64_t Batch::place(std::size_t size) {
  const std::uint64_t at = next_place_;
  next_place_ += (size + 15) / 16 * 16;
  EXPECT_LE(next_place_, Places::kBatchEnd);
  return SecurityMachine::kRam + at;
}

std::uint64_t Batch::place(std::span<const std::uint8_t> bytes) {
  const std::uint64_t at = place(bytes.size());
  machine_.put(at - SecurityMachine::kRam, bytes);
  return at;
}

std::size_t Batch::add(const security_descriptor& descriptor) {
  if (descriptors_.empty()) done_.clear();
  descriptors_.push_back(descriptor);
  descriptors_.back().status = SECURITY_PENDING;
  return descriptors_.size() - 1;
}

std::size_t Batch::add_key(unsigned slot, std::span<const std::uint8_t> key, unsigned purpose) {
  const Bytes given = machine_.wrapped(key);
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_UNWRAP;
  descriptor.flags = SECURITY_PADDED;
  descriptor.result_slot = static_cast<std::uint16_t>(slot);
  descriptor.source = place(given);
  descriptor.source_size = static_cast<std::uint32_t>(given.size());
  descriptor.purpose = static_cast<std::uint16_t>(purpose);
  descriptor.owner = SECURITY_OWNER_CARD;
  return add(descriptor);
}

void Batch::run() {
  for (std::size_t begun = 0; begun < descriptors_.size();) {
    const std::size_t count = std::min<std::size_t>(descriptors_.size() - begun, entries_ - 1);
    const std::uint32_t first = tail_;
    for (std::size_t i = 0; i < count; ++i, tail_ = (tail_ + 1) % entries_)
      std::memcpy(machine_.ram.bytes().data() + (ring_address(tail_) - SecurityMachine::kRam), &descriptors_[begun + i],
                  sizeof(security_descriptor));
    machine_.set(offset::RING_TAIL + 0x20 * ring_, tail_);
    sc_core::sc_start();
    ASSERT_EQ(machine_.get(offset::RING_STATUS + 0x20 * ring_), 0u);
    ASSERT_EQ(machine_.get(offset::RING_HEAD + 0x20 * ring_), tail_);
    for (std::size_t i = 0; i < count; ++i) {
      security_descriptor& descriptor = done_.emplace_back();
      const auto index = static_cast<std::uint32_t>((first + i) % entries_);
      std::memcpy(&descriptor, machine_.ram.bytes().data() + (ring_address(index) - SecurityMachine::kRam),
                  sizeof descriptor);
    }
    begun += count;
  }
  descriptors_.clear();
  next_place_ = Places::kBatch;
}

}  // namespace cardvp::security
