// The engine's random generator: CTR_DRBG with AES-256 and no derivation function (SP 800-90A, 10.2.1), instantiated
// with SHA-384 of the scenario's seed: the same in every run, and never repeated by a reset of the card.
#pragma once

#include <cstdint>
#include <memory>

#include "models/security/crypto.h"
#include "models/security/secret.h"

namespace cardvp::security {

class Random {
 public:
  static constexpr std::size_t kSeedBytes = 48;

  explicit Random(std::span<const std::byte, kSeedBytes> entropy);
  ~Random();
  // Of a number, as derive_seed() gives.
  static std::unique_ptr<Random> of_seed(Crypto& crypto, std::uint64_t seed);

  void generate(Output to);

 private:
  void update(Input provided);
  // AES-256-CTR with the present key, from the block behind V on; V moves on.
  void stream(Output to);

  struct State;
  std::unique_ptr<State> state_;
  SecretMemory secret_;  // key, V
};

}  // namespace cardvp::security
