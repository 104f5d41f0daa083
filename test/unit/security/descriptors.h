// Descriptors that are right, and a fixture that runs and spoils them. Data is in RAM at the places of Places.
#pragma once

#include <functional>

#include "test/unit/security/machine.h"

namespace cardvp::security {

inline constexpr std::uint64_t kSource = SecurityMachine::kRam + Places::kSource;
inline constexpr std::uint64_t kFirst = SecurityMachine::kRam + Places::kFirst;
inline constexpr std::uint64_t kSecond = SecurityMachine::kRam + Places::kSecond;
inline constexpr std::uint64_t kTag = SecurityMachine::kRam + Places::kTag;
inline constexpr std::uint64_t kDestination = SecurityMachine::kRam + Places::kDestination;

inline security_descriptor xts_descriptor(unsigned slot, std::uint32_t size, std::uint32_t unit,
                                          security_operation operation = SECURITY_XTS_ENCRYPT) {
  security_descriptor descriptor{};
  descriptor.operation = static_cast<std::uint8_t>(operation);
  descriptor.key_slot = static_cast<std::uint16_t>(slot);
  descriptor.source = kSource;
  descriptor.destination = kDestination;
  descriptor.source_size = descriptor.destination_size = size;
  descriptor.unit_size = unit;
  return descriptor;
}

inline security_descriptor gcm_descriptor(unsigned slot, std::uint32_t size,
                                          security_operation operation = SECURITY_GCM_SEAL) {
  security_descriptor descriptor = xts_descriptor(slot, size, 0, operation);
  descriptor.first = kFirst;
  descriptor.first_size = 20;
  descriptor.second = kSecond;
  descriptor.second_size = 12;
  descriptor.tag = kTag;
  descriptor.tag_size = 16;
  return descriptor;
}

inline security_descriptor hash_descriptor(std::uint32_t size, security_hash algorithm = SECURITY_SHA256) {
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_HASH;
  descriptor.algorithm = static_cast<std::uint8_t>(algorithm);
  descriptor.source = kSource;
  descriptor.source_size = size;
  descriptor.destination = kDestination;
  descriptor.destination_size = 64;
  return descriptor;
}

inline security_descriptor hmac_descriptor(unsigned slot, std::uint32_t size) {
  security_descriptor descriptor = hash_descriptor(size);
  descriptor.operation = SECURITY_HMAC;
  descriptor.key_slot = static_cast<std::uint16_t>(slot);
  descriptor.destination_size = 32;
  return descriptor;
}

inline security_descriptor random_descriptor(std::uint32_t size) {
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_RANDOM;
  descriptor.destination = kDestination;
  descriptor.destination_size = size;
  return descriptor;
}

inline security_descriptor extend_descriptor(unsigned measurement) {
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_EXTEND;
  descriptor.algorithm = static_cast<std::uint8_t>(measurement);
  descriptor.source = kSource;
  descriptor.source_size = SECURITY_DIGEST_BYTES;
  return descriptor;
}

inline security_descriptor generate_descriptor(unsigned slot, std::uint32_t size, unsigned purpose,
                                               unsigned curve = 0) {
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_GENERATE;
  descriptor.algorithm = static_cast<std::uint8_t>(curve);
  descriptor.result_slot = static_cast<std::uint16_t>(slot);
  descriptor.destination_size = size;
  descriptor.purpose = static_cast<std::uint16_t>(purpose);
  descriptor.owner = SECURITY_OWNER_CARD;
  return descriptor;
}

inline security_descriptor wrap_descriptor(unsigned slot, unsigned by) {
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_WRAP;
  descriptor.key_slot = static_cast<std::uint16_t>(by);
  descriptor.result_slot = static_cast<std::uint16_t>(slot);
  descriptor.destination = kDestination;
  descriptor.destination_size = 264;
  return descriptor;
}

inline security_descriptor quote_descriptor(unsigned slot = SECURITY_SLOT_ATTESTATION) {
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_QUOTE;
  descriptor.key_slot = static_cast<std::uint16_t>(slot);
  descriptor.source = kSource;
  descriptor.source_size = SECURITY_NONCE_BYTES;
  descriptor.destination = kDestination;
  descriptor.destination_size = sizeof(security_quote);
  return descriptor;
}

struct DescriptorTest : testing::Test {
  SecurityMachine machine;

  // A change of a descriptor that is right, and how it ends then.
  using Change = std::function<void(security_descriptor&)>;
  void expect(
      security_descriptor descriptor, security_status status, const char* what,
      const Change& change = [](security_descriptor&) {}) {
    change(descriptor);
    EXPECT_EQ(machine.run(descriptor), status) << what;
    if (status != SECURITY_OK) {
      EXPECT_EQ(descriptor.result_size, 0u) << what;
    }
  }
};

}  // namespace cardvp::security
