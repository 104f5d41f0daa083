// What the descriptors say is done here: an operation takes a lane, its checks and its mathematics happen when that
// time is over, and it ends with a status. Nothing that stands in a descriptor is trusted.
#pragma once

#include <array>

#include "models/base/model.h"
#include "models/security/card_memory.h"
#include "models/security/crypto.h"
#include "models/security/device_keys.h"
#include "models/security/engine_config.h"
#include "models/security/key_slots.h"
#include "models/security/lanes.h"
#include "models/security/random.h"

namespace cardvp::security {

using Measurement = std::array<std::uint8_t, SECURITY_DIGEST_BYTES>;

class Operations {
 public:
  // `name`: of the engine; statistics, energy and trace go there.
  Operations(Sim& sim, const std::string& name, const EngineConfig& config, const memory::FusesConfig& fuses,
             CardMemory& memory, std::unique_ptr<Crypto> crypto);

  struct Result {
    security_status status = SECURITY_OK;
    std::uint32_t size = 0;  // bytes at the destination
  };
  // An operation under way.
  struct Job {
    security_descriptor descriptor;
    Lanes::Reservation time;
    std::optional<Result> early;  // of mathematics that times itself
  };
  // Takes a lane from `start` on (not in the past).
  Job begin(const security_descriptor& descriptor, sc_core::sc_time start);
  // At the job's end or later: does it.
  Result finish(const Job& job);

  // A lane for the data of a volume, or of a packet. Of ciphers that time themselves it is only counted: `start`.
  enum class User : std::uint8_t { kVolume, kTransit };
  sc_core::sc_time reserve_cipher(std::uint64_t bytes, sc_core::sc_time start, User user);

  Crypto& crypto() { return *crypto_; }
  KeySlots& slots() { return slots_; }
  const KeySlots& slots() const { return slots_; }
  const Measurement& measurement(unsigned index) const { return measurements_.at(index); }

  // Every slot is empty from now on.
  void tamper();
  bool tampered() const { return tampered_; }
  // Card reset: the hardware's slots hold the hardware's keys, no other holds one; nothing is measured. Lanes are free.
  void reset();

 private:
  using Descriptor = security_descriptor;
  static constexpr unsigned kOperations = SECURITY_QUOTE + 1;
  static constexpr unsigned kStatuses = SECURITY_TAMPERED + 1;

  const OperationCost& cost_of(unsigned operation) const;
  void count(const Job& job, const Result& result);

  // Fills in result.size.
  Outcome perform(const Descriptor& descriptor, Result& result);

  // operations_data.cpp
  Outcome xts(const Descriptor& descriptor, Result& result);
  Outcome gcm(const Descriptor& descriptor, Result& result);
  Outcome hash(const Descriptor& descriptor, Result& result);
  Outcome hmac(const Descriptor& descriptor, Result& result);
  Outcome random(const Descriptor& descriptor, Result& result);
  Outcome extend(const Descriptor& descriptor);

  // operations_keys.cpp
  Outcome hkdf(const Descriptor& descriptor, Result& result);
  Outcome ecdsa_verify(const Descriptor& descriptor);
  Outcome ecdh(const Descriptor& descriptor);
  Outcome ec_public(const Descriptor& descriptor, Result& result);
  Outcome wrap(const Descriptor& descriptor, Result& result);
  Outcome unwrap(const Descriptor& descriptor);
  Outcome generate(const Descriptor& descriptor);
  Outcome quote(const Descriptor& descriptor, Result& result);

  // Whether the slot's key may be used for one of `purposes`.
  security_status check_key(unsigned slot, unsigned purposes) const;
  // Whether a key with the descriptor's purposes may go to its result slot.
  security_status check_result_slot(const Descriptor& descriptor) const;
  // Ends what was begun by writing to slots().place(result_slot): the key is loaded if `outcome` is good.
  Outcome keep(const Descriptor& descriptor, const Outcome& outcome, std::size_t bytes);
  // Writes what was calculated, if `outcome` is good.
  Outcome store(const Outcome& outcome, std::uint64_t address, Input bytes, Result& result);
  void load_device_keys();

  Sim& sim_;
  std::string name_;
  Logger log_;
  EnergyMeter& energy_;
  EngineConfig config_;
  memory::FusesConfig identity_;  // without the device secret
  SecretMemory device_secret_;
  CardMemory& memory_;
  std::unique_ptr<Crypto> crypto_;
  KeySlots slots_;
  Lanes lanes_;
  std::unique_ptr<Random> random_;
  std::array<Measurement, SECURITY_MEASUREMENTS> measurements_{};
  bool tampered_ = false;

  std::array<Counter*, kOperations> operations_{};
  std::array<Counter*, kStatuses> failures_{};
  Counter& bytes_;
  Counter& volume_operations_;
  Counter& volume_bytes_;
  Counter& transit_operations_;
  Counter& transit_bytes_;
};

}  // namespace cardvp::security
