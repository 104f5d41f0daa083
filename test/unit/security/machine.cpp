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
  const memory::FusesConfig config = fuses();
  std::array<std::byte, kTransportKeyBytes> transport;
  derive_transport_key(*crypto_, std::as_bytes(std::span(config.device_secret)), config.card_id, transport);
  Bytes wrapped(wrapped_bytes(key.size()));
  EXPECT_EQ(crypto_->wrap(transport, std::as_bytes(key), true, std::as_writable_bytes(std::span(wrapped))).status,
            SECURITY_OK);
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_UNWRAP;
  descriptor.flags = SECURITY_PADDED;
  descriptor.key_slot = SECURITY_SLOT_TRANSPORT;
  descriptor.result_slot = static_cast<std::uint16_t>(slot);
  descriptor.source = put(Places::kKey, wrapped);
  descriptor.source_size = static_cast<std::uint32_t>(wrapped.size());
  descriptor.purpose = static_cast<std::uint16_t>(purpose);
  descriptor.owner = static_cast<std::uint16_t>(owner);
  return run(descriptor);
}

void SecurityMachine::replace(unsigned slot, std::span<const std::uint8_t> key, unsigned purpose, unsigned owner) {
  set(offset::SLOT_DESTROY, slot);
  ASSERT_EQ(load(slot, key, purpose, owner), SECURITY_OK);
}

std::uint64_t SecurityMachine::slot_status(unsigned slot) {
  set(offset::SLOT_SELECT, slot);
  return get(offset::SLOT_STATUS);
}

}  // namespace cardvp::security
