// The security engine (security.def, descriptor.h): ciphers, digests, signatures and key agreement by descriptors in
// card memory, key slots, measurement registers, random numbers, and the cipher of the volumes' data path.
//
// Time: an operation takes a lane for its latency and its bytes over the lane's bandwidth; what finds no lane free
// waits. The mathematics is behind crypto.h, where something else (RTL) can stand in for it.
//
// Keys are in memory that no register reads, that no log or trace prints, and that is left out of core dumps
// (secret.h). They are zeroised when they are destroyed, by card reset, and when the tamper sensor trips.
#pragma once

#include <array>
#include <memory>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/bus_target.h"
#include "models/memory/fuses.h"
#include "models/security/alarms.h"
#include "models/security/descriptor.h"
#include "models/security/volume_cipher.h"

namespace cardvp::security {

// What one kind of operation costs on one lane.
struct OperationCost {
  sc_core::sc_time latency;
  std::uint64_t bandwidth = 0;  // bytes per second; 0: only the latency counts
  double picojoules = 0;        // of each operation
  double picojoules_per_byte = 0;
};

struct EngineConfig {
  unsigned lanes = 8;                                          // operations at a time, 1 to 64
  unsigned slots = 320;                                        // key slots, SECURITY_FIRST_FREE_SLOT + 1 to 65535
  OperationCost cipher{{200, sc_core::SC_NS}, 8'000'000'000};  // XTS, GCM, key wrap
  OperationCost hash{{200, sc_core::SC_NS}, 4'000'000'000};    // digests, HMAC, HKDF, measurement
  OperationCost public_key{{100, sc_core::SC_US}};             // ECDSA, ECDH, quotes
  OperationCost random{{1, sc_core::SC_US}, 500'000'000};
  double static_watts = 0;
};

class Crypto;    // crypto.h
class KeySlots;  // key_slots.h

class Engine : public RegisterTarget, public VolumeCipher {
 public:
  // The fuses' device secret gives the hardware's keys; `alarms` outlives the engine.
  Engine(sc_core::sc_module_name name, Sim& sim, const EngineConfig& config, const memory::FusesConfig& fuses,
         Alarms& alarms);
  ~Engine() override;

  // The engine's own way to card memory; bind to the bus.
  tlm_utils::simple_initiator_socket<Engine> card{"card"};
  Line interrupt;

  // The tamper sensor trips: every slot is zeroised and stays so, an alarm is raised.
  void tamper();
  bool tampered() const;

  using Measurement = std::array<std::uint8_t, SECURITY_DIGEST_BYTES>;
  Measurement measurement(unsigned index) const;
  // For blocks with rules of their own that ask for a check of a signature: P-384 over SHA-384; see
  // SECURITY_ECDSA_VERIFY. Takes no simulated time.
  bool verify(std::span<const std::byte> message, std::span<const std::byte, 96> public_key,
              std::span<const std::byte, 96> signature);

  // VolumeCipher.
  bool usable(KeyReference key) const override;
  bool apply(KeyReference key, CipherDirection direction, std::uint64_t first_unit, std::uint32_t unit,
             std::span<const std::byte> from, std::span<std::byte> to) override;
  sc_core::sc_time reserve(std::uint64_t bytes, sc_core::sc_time start) override;

  // Card reset: rings stop, slots are zeroised and the hardware's loaded again, measurements are zeros, tampering is
  // forgotten.
  void reset();

 private:
  // (its author's)
};

}  // namespace cardvp::security
