#include "rtl/units/rtl_crypto.h"

#include <algorithm>
#include <vector>

#include "models/security/secret.h"

namespace cardvp::rtl {
namespace {

using sc_core::sc_time;
using security::CipherDirection;
using security::Crypto;
using security::Input;
using security::Outcome;
using security::Output;

std::span<const std::uint8_t> bytes_of(Input bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::string hex(Input bytes) { return fmt::format("{:02x}", fmt::join(bytes_of(bytes), "")); }

// How far the block is ahead: what it was asked for is over then.
sc_time took(const Sim& sim, const Unit& unit) {
  return std::max(unit.block().time(), sim.scheduler.now()) - sim.scheduler.now();
}

security_status status_of(AesUnit::Result result) {
  switch (result) {
    case AesUnit::Result::kOk: return SECURITY_OK;
    case AesUnit::Result::kWrongTag: return SECURITY_AUTH_FAILED;
    case AesUnit::Result::kFailed: break;
  }
  return SECURITY_BUS_ERROR;
}

// A key that the unit is used with.
class Key {
 public:
  Key(AesUnit& unit, std::uint64_t id, Input key) : unit_(unit), id_(id), size_(key.size()), memory_(key.size()) {
    std::ranges::copy(key, memory_.bytes().begin());
  }
  ~Key() { unit_.forget_key(id_); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  std::uint64_t id() const { return id_; }
  Input bytes() const { return memory_.first(size_); }

 private:
  AesUnit& unit_;
  std::uint64_t id_;
  std::size_t size_;
  security::SecretMemory memory_;
};

class RtlXts : public Crypto::Xts {
 public:
  RtlXts(Sim& sim, AesUnit& unit, std::uint64_t id, Input key, std::unique_ptr<Crypto::Xts> model)
      : sim_(sim), unit_(unit), key_(unit, id, key), model_(std::move(model)) {}

  Outcome run(CipherDirection direction, Crypto::Tweak tweak, std::size_t unit, Input from, Output to) override {
    if (unit % 16 != 0) return model_->run(direction, tweak, unit, from, to);
    Lockstep* const lockstep = unit_.lockstep();
    if (lockstep) {
      expected_.resize(from.size());
      model_->run(direction, tweak, unit, from, expected_);
    }
    AesCommand command;
    command.decrypt = direction == CipherDirection::kDecrypt;
    command.key = key_.bytes();
    command.key_id = key_.id();
    command.unit = static_cast<std::uint32_t>(unit);
    command.iv = std::as_bytes(std::span(tweak));
    command.from = from;
    command.to = to;
    const AesUnit::Result result = unit_.run(command);
    const auto transaction = [&] {
      return fmt::format("XTS {} of {} bytes in units of {}, tweak {}, key of {} bits",
                         command.decrypt ? "decryption" : "encryption", from.size(), unit, hex(command.iv),
                         key_.bytes().size() * 4);
    };
    if (lockstep && lockstep->value(SECURITY_OK, status_of(result), "status", transaction))
      lockstep->bytes(bytes_of(expected_), bytes_of(to), "data", transaction);
    return {status_of(result), took(sim_, unit_)};
  }

 private:
  Sim& sim_;
  AesUnit& unit_;
  Key key_;
  std::unique_ptr<Crypto::Xts> model_;
  std::vector<std::byte> expected_;
};

class RtlGcm : public Crypto::Gcm {
 public:
  RtlGcm(Sim& sim, AesUnit& unit, std::uint64_t id, Input key, std::unique_ptr<Crypto::Gcm> model)
      : sim_(sim), unit_(unit), key_(unit, id, key), model_(std::move(model)) {}

  Outcome seal(Input iv, Input additional, Input from, Output to, Output tag) override {
    Lockstep* const lockstep = unit_.lockstep();
    std::array<std::byte, 16> expected_tag{};
    if (lockstep) {
      expected_.resize(from.size());
      model_->seal(iv, additional, from, expected_, std::span(expected_tag).first(tag.size()));
    }
    AesCommand command = this->command(iv, additional, from, to);
    command.tag = tag;
    const AesUnit::Result result = unit_.run(command);
    const auto transaction = [&] { return text("sealing", command); };
    if (lockstep && lockstep->value(SECURITY_OK, status_of(result), "status", transaction)) {
      lockstep->bytes(bytes_of(expected_), bytes_of(to), "data", transaction);
      lockstep->bytes(bytes_of(std::span(expected_tag).first(tag.size())), bytes_of(tag), "tag", transaction);
    }
    return {status_of(result), took(sim_, unit_)};
  }

  Outcome open(Input iv, Input additional, Input from, Output to, Input tag) override {
    const Outcome outcome = decrypt(iv, additional, from, tag);
    if (outcome.status == SECURITY_OK) std::ranges::copy(plain_, to.begin());
    return outcome;
  }

  Outcome open_in_place(Input iv, Input additional, Output data, Input tag) override {
    const Outcome outcome = decrypt(iv, additional, data, tag);
    if (outcome.status == SECURITY_OK)
      std::ranges::copy(plain_, data.begin());
    else
      std::ranges::fill(data, std::byte{0});
    return outcome;
  }

 private:
  AesCommand command(Input iv, Input additional, Input from, Output to) const {
    AesCommand command;
    command.gcm = true;
    command.key = key_.bytes();
    command.key_id = key_.id();
    command.iv = iv;
    command.additional = additional;
    command.from = from;
    command.to = to;
    return command;
  }

  // To plain_: the block gives plaintext before it has seen the tag.
  Outcome decrypt(Input iv, Input additional, Input from, Input tag) {
    plain_.resize(from.size());
    Lockstep* const lockstep = unit_.lockstep();
    security_status expected = SECURITY_OK;
    if (lockstep) {
      expected_.resize(from.size());
      expected = model_->open(iv, additional, from, expected_, tag).status;
    }
    AesCommand command = this->command(iv, additional, from, plain_);
    command.decrypt = true;
    command.expected_tag = tag;
    const AesUnit::Result result = unit_.run(command);
    const auto transaction = [&] { return text("opening", command); };
    if (lockstep && lockstep->value(expected, status_of(result), "status", transaction) && expected == SECURITY_OK)
      lockstep->bytes(bytes_of(expected_), bytes_of(plain_), "data", transaction);
    return {status_of(result), took(sim_, unit_)};
  }

  std::string text(const char* what, const AesCommand& command) const {
    return fmt::format("GCM {} of {} bytes, {} additional, IV {}, key of {} bits", what, command.from.size(),
                       command.additional.size(), hex(command.iv), key_.bytes().size() * 8);
  }

  Sim& sim_;
  AesUnit& unit_;
  Key key_;
  std::unique_ptr<Crypto::Gcm> model_;
  std::vector<std::byte> expected_, plain_;
};

class RtlCrypto : public Crypto {
 public:
  RtlCrypto(Sim& sim, AesUnit* aes, Sha2Unit* sha2)
      : sim_(sim), aes_(aes), sha2_(sha2), model_(security::make_openssl_crypto()) {}

  bool times_itself() const override { return true; }
  bool times_ciphers() const override { return aes_ != nullptr; }

  std::unique_ptr<Xts> make_xts(Input key) override {
    std::unique_ptr<Xts> model = model_->make_xts(key);
    if (!aes_ || !model) return model;
    return std::make_unique<RtlXts>(sim_, *aes_, ++last_key_, key, std::move(model));
  }
  std::unique_ptr<Gcm> make_gcm(Input key) override {
    std::unique_ptr<Gcm> model = model_->make_gcm(key);
    if (!aes_ || !model || key.size() == 24) return model;
    return std::make_unique<RtlGcm>(sim_, *aes_, ++last_key_, key, std::move(model));
  }

  Outcome hash(security_hash algorithm, Input data, Output digest) override {
    if (!sha2_) return model_->hash(algorithm, data, digest);
    const bool done = sha2_->hash(algorithm, data, digest);
    if (Lockstep* const lockstep = sha2_->lockstep()) {
      std::array<std::byte, 64> expected;
      const Output whole = std::span(expected).first(digest.size());
      model_->hash(algorithm, data, whole);
      const auto transaction = [&] {
        return fmt::format("digest of {} bytes by algorithm {}", data.size(), static_cast<unsigned>(algorithm));
      };
      if (lockstep->value(true, done, "whether there is one", transaction))
        lockstep->bytes(bytes_of(whole), bytes_of(digest), "digest", transaction);
    }
    return {done ? SECURITY_OK : SECURITY_BUS_ERROR, took(sim_, *sha2_)};
  }

  Outcome hmac(security_hash algorithm, Input key, Input data, Output mac) override {
    return model_->hmac(algorithm, key, data, mac);
  }
  Outcome hkdf(security_hash algorithm, Input key, Input salt, Input info, Output made) override {
    return model_->hkdf(algorithm, key, salt, info, made);
  }
  Outcome ecdsa_verify(security_curve curve, Input digest, Input public_key, Input signature) override {
    return model_->ecdsa_verify(curve, digest, public_key, signature);
  }
  Outcome ecdsa_sign(security_curve curve, security_hash algorithm, Input digest, Input private_key,
                     Output signature) override {
    return model_->ecdsa_sign(curve, algorithm, digest, private_key, signature);
  }
  Outcome ecdh(security_curve curve, Input private_key, Input public_key, Output shared) override {
    return model_->ecdh(curve, private_key, public_key, shared);
  }
  Outcome ec_public(security_curve curve, Input private_key, Output public_key) override {
    return model_->ec_public(curve, private_key, public_key);
  }
  Outcome ec_private(security_curve curve, Input random, Output private_key) override {
    return model_->ec_private(curve, random, private_key);
  }
  Outcome wrap(Input by, Input key, bool padded, Output wrapped) override {
    return model_->wrap(by, key, padded, wrapped);
  }
  Outcome unwrap(Input by, Input wrapped, bool padded, Output key, std::size_t& size) override {
    return model_->unwrap(by, wrapped, padded, key, size);
  }

 private:
  Sim& sim_;
  AesUnit* aes_;
  Sha2Unit* sha2_;
  std::unique_ptr<Crypto> model_;
  std::uint64_t last_key_ = 0;
};

}  // namespace

std::unique_ptr<security::Crypto> make_rtl_crypto(Sim& sim, AesUnit* aes, Sha2Unit* sha2) {
  return std::make_unique<RtlCrypto>(sim, aes, sha2);
}

}  // namespace cardvp::rtl
