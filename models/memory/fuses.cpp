#include "models/memory/fuses.h"

namespace cardvp::memory {
namespace fuses {
#define CARDVP_REGISTERS "models/memory/fuses.def"
#include "models/base/declare_registers.h"
}  // namespace fuses

Fuses::Fuses(sc_core::sc_module_name name, Sim& sim, const FusesConfig& config)
    : RegisterTarget(name, sim, fuses::kBank) {
  registers_.set(fuses::CARD_ID_ID, config.card_id);
  registers_.set(fuses::LIFE_CYCLE_STATE, config.life_cycle);
  registers_.set(fuses::SECURITY_VERSION_VERSION, config.security_version);
  for (std::uint32_t word = 0; word < config.root_key_hash.size() / 4; ++word) {
    const std::uint8_t* bytes = &config.root_key_hash[word * 4];
    registers_.set(
        fuses::ROOT_KEY_HASH_WORD,
        bytes[0] | std::uint64_t{bytes[1]} << 8 | std::uint64_t{bytes[2]} << 16 | std::uint64_t{bytes[3]} << 24, word);
  }
}

}  // namespace cardvp::memory
