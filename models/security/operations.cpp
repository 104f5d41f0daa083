#include "models/security/operations.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace cardvp::security {

using sc_core::sc_time;

namespace {

// By number of enum security_operation.
constexpr std::array kOperationNames{"unknown", "xts_encrypt", "xts_decrypt",  "gcm_seal", "gcm_open",  "hash",
                                     "hmac",    "hkdf",        "ecdsa_verify", "ecdh",     "ec_public", "wrap",
                                     "unwrap",  "generate",    "random",       "extend",   "quote"};
// By number of enum security_status.
constexpr std::array kStatusNames{"ok",          "bus_error",     "bad_descriptor", "bad_slot", "not_permitted",
                                  "auth_failed", "bad_signature", "bad_key",        "tampered"};

unsigned known(unsigned operation) { return operation < kOperationNames.size() ? operation : 0; }

sc_time duration(const OperationCost& cost, std::uint64_t bytes) {
  if (cost.bandwidth == 0) return cost.latency;
  const double picoseconds = static_cast<double>(bytes) * 1e12 / static_cast<double>(cost.bandwidth);
  return cost.latency + sc_time::from_value(static_cast<std::uint64_t>(picoseconds + 0.5));
}

// What goes through a lane for a descriptor.
std::uint64_t data_bytes(const security_descriptor& descriptor) {
  std::uint64_t bytes = descriptor.source_size;
  switch (descriptor.operation) {
    case SECURITY_GCM_SEAL:
    case SECURITY_GCM_OPEN: bytes += descriptor.first_size; break;
    case SECURITY_HKDF:
    case SECURITY_GENERATE:
    case SECURITY_RANDOM: bytes = descriptor.destination_size; break;
    case SECURITY_EXTEND: bytes += SECURITY_DIGEST_BYTES; break;
    default: break;
  }
  return bytes <= SECURITY_MOST_BYTES ? bytes : 0;  // what is too much is refused, not done
}

}  // namespace

Operations::Operations(Sim& sim, const std::string& name, const EngineConfig& config, const memory::FusesConfig& fuses,
                       CardMemory& memory, std::unique_ptr<Crypto> crypto)
    : sim_(sim),
      name_(name),
      log_(sim.log, name),
      energy_(sim.energy.meter(name)),
      config_(config),
      identity_(fuses),
      device_secret_(fuses.device_secret.size()),
      memory_(memory),
      crypto_(std::move(crypto)),
      slots_(*crypto_, config.slots),
      lanes_(config.lanes),
      random_(Random::of_seed(*crypto_, derive_seed(sim.seed, name))),
      bytes_(sim.stats.counter(name + ".bytes", "bytes")),
      volume_operations_(sim.stats.counter(name + ".volume_operations", "operations")),
      volume_bytes_(sim.stats.counter(name + ".volume_bytes", "bytes")),
      transit_operations_(sim.stats.counter(name + ".transit_operations", "operations")),
      transit_bytes_(sim.stats.counter(name + ".transit_bytes", "bytes")) {
  static_assert(kOperationNames.size() == kOperations && kStatusNames.size() == kStatuses);
  assert(config.lanes >= 1 && config.slots > SECURITY_FIRST_FREE_SLOT);
  std::memcpy(device_secret_.bytes().data(), fuses.device_secret.data(), fuses.device_secret.size());
  OPENSSL_cleanse(identity_.device_secret.data(), identity_.device_secret.size());
  energy_.set_static_power(config.static_watts);
}

const OperationCost& Operations::cost_of(unsigned operation) const {
  switch (operation) {
    case SECURITY_XTS_ENCRYPT:
    case SECURITY_XTS_DECRYPT:
    case SECURITY_GCM_SEAL:
    case SECURITY_GCM_OPEN:
    case SECURITY_WRAP:
    case SECURITY_UNWRAP: return config_.cipher;
    case SECURITY_ECDSA_VERIFY:
    case SECURITY_ECDH:
    case SECURITY_EC_PUBLIC:
    case SECURITY_QUOTE: return config_.public_key;
    case SECURITY_GENERATE:
    case SECURITY_RANDOM: return config_.random;
    default: return config_.hash;
  }
}

Operations::Job Operations::begin(const security_descriptor& descriptor, sc_time start) {
  Job job{descriptor, {}, {}};
  sc_time takes = duration(cost_of(descriptor.operation), data_bytes(descriptor));
  if (crypto_->times_itself()) {
    Result result;
    const Outcome outcome = perform(descriptor, result);
    result.status = outcome.status;
    job.early = result;
    if (outcome.took) {  // what else is under way is in there
      job.time = {0, start, start + *outcome.took};
      return job;
    }
  }
  job.time = lanes_.reserve(sim_.scheduler.now(), start, takes);
  return job;
}

Operations::Result Operations::finish(const Job& job) {
  Result result;
  if (job.early)
    result = *job.early;
  else
    result.status = perform(job.descriptor, result).status;
  if (result.status != SECURITY_OK) result.size = 0;
  count(job, result);
  return result;
}

void Operations::count(const Job& job, const Result& result) {
  const security_descriptor& descriptor = job.descriptor;
  const unsigned operation = known(descriptor.operation);
  const std::uint64_t bytes = data_bytes(descriptor);
  if (!operations_[operation])
    operations_[operation] = &sim_.stats.counter(name_ + ".operations." + kOperationNames[operation], "operations");
  operations_[operation]->add();
  if (result.status == SECURITY_OK) {
    bytes_.add(bytes);
  } else {
    Counter*& failures = failures_[result.status];
    if (!failures) failures = &sim_.stats.counter(name_ + ".failures." + kStatusNames[result.status], "operations");
    failures->add();
  }
  const OperationCost& cost = cost_of(descriptor.operation);
  energy_.add_picojoules(cost.picojoules + cost.picojoules_per_byte * static_cast<double>(bytes));
  if (!log_.debugging()) return;
  sim_.trace.span(name_, job.time.lane, kOperationNames[operation], job.time.begin, job.time.end);
  log_.debug("descriptor ended", {{"operation", kOperationNames[operation]},
                                  {"status", kStatusNames[result.status]},
                                  {"bytes", bytes},
                                  {"key_slot", descriptor.key_slot},
                                  {"result_slot", descriptor.result_slot},
                                  {"lane", job.time.lane}});
}

sc_time Operations::reserve_cipher(std::uint64_t bytes, sc_time start, User user) {
  const OperationCost& cost = config_.cipher;
  const bool volume = user == User::kVolume;
  (volume ? volume_operations_ : transit_operations_).add();
  (volume ? volume_bytes_ : transit_bytes_).add(bytes);
  energy_.add_picojoules(cost.picojoules + cost.picojoules_per_byte * static_cast<double>(bytes));
  if (crypto_->times_ciphers()) return start;
  const Lanes::Reservation made = lanes_.reserve(sim_.scheduler.now(), start, duration(cost, bytes));
  if (log_.debugging()) sim_.trace.span(name_, made.lane, volume ? "volume" : "transit", made.begin, made.end);
  return made.end;
}

Outcome Operations::perform(const Descriptor& descriptor, Result& result) {
  const auto all_zero = [](const auto& bytes) {
    return std::all_of(std::begin(bytes), std::end(bytes), [](std::uint8_t byte) { return byte == 0; });
  };
  if (!all_zero(descriptor.reserved)) return {SECURITY_BAD_DESCRIPTOR, {}};
  switch (descriptor.operation) {
    case SECURITY_XTS_ENCRYPT:
    case SECURITY_XTS_DECRYPT: return xts(descriptor, result);
    case SECURITY_GCM_SEAL:
    case SECURITY_GCM_OPEN: return gcm(descriptor, result);
    case SECURITY_HASH: return hash(descriptor, result);
    case SECURITY_HMAC: return hmac(descriptor, result);
    case SECURITY_HKDF: return hkdf(descriptor, result);
    case SECURITY_ECDSA_VERIFY: return ecdsa_verify(descriptor);
    case SECURITY_ECDH: return ecdh(descriptor);
    case SECURITY_EC_PUBLIC: return ec_public(descriptor, result);
    case SECURITY_WRAP: return wrap(descriptor, result);
    case SECURITY_UNWRAP: return unwrap(descriptor);
    case SECURITY_GENERATE: return generate(descriptor);
    case SECURITY_RANDOM: return random(descriptor, result);
    case SECURITY_EXTEND: return extend(descriptor);
    case SECURITY_QUOTE: return quote(descriptor, result);
    default: return {SECURITY_BAD_DESCRIPTOR, {}};
  }
}

security_status Operations::check_key(unsigned slot, unsigned purposes) const {
  if (tampered_) return SECURITY_TAMPERED;
  const KeySlots::Info& info = slots_.info(slot);
  if (!info.valid) return SECURITY_BAD_SLOT;
  return info.purpose & purposes ? SECURITY_OK : SECURITY_NOT_PERMITTED;
}

security_status Operations::check_result_slot(const Descriptor& descriptor) const {
  if (tampered_) return SECURITY_TAMPERED;
  if (descriptor.purpose & ~SECURITY_PURPOSES) return SECURITY_BAD_DESCRIPTOR;
  if (descriptor.result_slot < SECURITY_FIRST_FREE_SLOT) return SECURITY_NOT_PERMITTED;
  const bool free = descriptor.result_slot < slots_.count() && !slots_.info(descriptor.result_slot).valid;
  return free ? SECURITY_OK : SECURITY_BAD_SLOT;
}

Outcome Operations::keep(const Descriptor& descriptor, const Outcome& outcome, std::size_t bytes) {
  if (outcome.status == SECURITY_OK)
    slots_.load(descriptor.result_slot, bytes, descriptor.purpose, descriptor.owner);
  else
    slots_.destroy(descriptor.result_slot);
  return outcome;
}

Outcome Operations::store(const Outcome& outcome, std::uint64_t address, Input bytes, Result& result) {
  if (outcome.status != SECURITY_OK) return outcome;
  if (!memory_.decodes(address, bytes.size()) || !memory_.write(address, bytes))
    return {SECURITY_BUS_ERROR, outcome.took};
  result.size = static_cast<std::uint32_t>(bytes.size());
  return outcome;
}

void Operations::tamper() {
  tampered_ = true;
  slots_.destroy_all();
}

void Operations::reset() {
  tampered_ = false;
  measurements_ = {};
  lanes_.reset();
  slots_.destroy_all();
  load_device_keys();
}

void Operations::load_device_keys() {
  const auto secret = device_secret_.bytes().first<32>();
  derive_transport_key(*crypto_, secret, identity_.card_id,
                       slots_.place(SECURITY_SLOT_TRANSPORT).first<kTransportKeyBytes>());
  slots_.load(SECURITY_SLOT_TRANSPORT, kTransportKeyBytes, SECURITY_FOR_UNWRAP, SECURITY_OWNER_CARD);
  derive_attestation_key(*crypto_, secret, identity_.card_id,
                         slots_.place(SECURITY_SLOT_ATTESTATION).first<kAttestationKeyBytes>());
  slots_.load(SECURITY_SLOT_ATTESTATION, kAttestationKeyBytes, SECURITY_FOR_QUOTE, SECURITY_OWNER_CARD);
}

}  // namespace cardvp::security
