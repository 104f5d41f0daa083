// The security engine (security.def, descriptor.h): ciphers, digests, signatures and key agreement by descriptors in
// card memory, key slots, measurement registers, random numbers, and the ciphers of the data paths: the volumes' and
// the network's.
//
// Time: an operation takes a lane for its latency and its bytes over the lane's bandwidth; what finds no lane free
// waits. The mathematics is behind crypto.h, where something else (RTL) can stand in for it.
//
// Keys are in memory that no register reads, that no log or trace prints, and that is left out of core dumps
// (secret.h). They are zeroised when they are destroyed, by card reset, and when the tamper sensor trips.
#pragma once

#include <memory>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>

#include "models/base/bus_target.h"
#include "models/memory/fuses.h"
#include "models/security/alarms.h"
#include "models/security/card_memory.h"
#include "models/security/descriptor.h"
#include "models/security/engine_config.h"
#include "models/security/operations.h"
#include "models/security/ring.h"
#include "models/security/transit_cipher.h"
#include "models/security/volume_cipher.h"

namespace cardvp::security {

class Engine : public RegisterTarget, public VolumeCipher, public TransitCipher {
 public:
  // The fuses' device secret gives the hardware's keys; `alarms` outlives the engine.
  Engine(sc_core::sc_module_name name, Sim& sim, const EngineConfig& config, const memory::FusesConfig& fuses,
         Alarms& alarms, std::unique_ptr<Crypto> crypto = make_openssl_crypto());
  ~Engine() override;

  // The engine's own way to card memory; bind to the bus.
  tlm_utils::simple_initiator_socket<Engine> card{"card"};
  Line interrupt;

  // The tamper sensor trips: every slot is zeroised and stays so, an alarm is raised.
  void tamper();
  bool tampered() const { return operations_.tampered(); }

  Measurement measurement(unsigned index) const;  // below SECURITY_MEASUREMENTS
  // For blocks with rules of their own that ask for a check of a signature: P-384 over SHA-384; see
  // SECURITY_ECDSA_VERIFY. Takes no simulated time.
  bool verify(std::span<const std::byte> message, std::span<const std::byte, 96> public_key,
              std::span<const std::byte, 96> signature);

  // VolumeCipher.
  bool usable(KeyReference key) const override;
  bool apply(KeyReference key, CipherDirection direction, std::uint64_t first_unit, std::uint32_t unit,
             std::span<const std::byte> from, std::span<std::byte> to) override;
  sc_core::sc_time reserve(std::uint64_t bytes, sc_core::sc_time start) override;
  sc_core::sc_time done(sc_core::sc_time reserved) const override { return std::max(reserved, cipher_busy_until_); }

  // TransitCipher.
  bool usable_in_transit(KeyReference key) const override;
  Result seal(KeyReference key, Iv iv, std::span<const std::byte> additional, std::span<std::byte> data,
              std::span<std::byte, kTagBytes> tag) override;
  Result open(KeyReference key, Iv iv, std::span<const std::byte> additional, std::span<std::byte> data,
              std::span<const std::byte, kTagBytes> tag) override;
  sc_core::sc_time reserve_transit(std::uint64_t bytes, sc_core::sc_time start) override;
  sc_core::sc_time done_in_transit(sc_core::sc_time reserved) const override { return done(reserved); }

  // Card reset: rings stop, slots are zeroised and the hardware's loaded again, measurements are zeros, tampering is
  // forgotten.
  void reset();

 private:
  static constexpr unsigned kRings = 4;

  security_status note_time(const Outcome& outcome);
  void invalidate_direct(sc_dt::uint64 first, sc_dt::uint64 last);
  void hang_hooks();
  void hang_slot_hooks();
  void hang_ring_hooks();
  void execute(const RegisterWrite& write);
  Task<> run(std::uint64_t address, sc_core::sc_time start);
  void end_execute(security_status status);
  void control_ring(const RegisterWrite& write);
  void note_ring(unsigned ring);
  void note(std::uint64_t interrupt);
  void update_interrupt();

  Alarms& alarms_;
  CardMemory memory_{card};
  Operations operations_;
  std::vector<std::unique_ptr<Ring>> rings_;
  sc_core::sc_time cipher_busy_until_;  // with data of volumes and packets, if the ciphers time themselves
  TaskScope executing_;                 // the descriptor of EXECUTE
};

}  // namespace cardvp::security
