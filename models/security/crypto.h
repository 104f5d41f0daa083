// The mathematics of the security engine, as an interface: OpenSSL does it (make_openssl_crypto), and something else,
// an RTL block behind a bridge, can stand in its place. Functions of their arguments alone: no slot, no purpose, no
// memory of the card. The caller has checked sizes as each function states them.
//
// Numbers, points and signatures are big-endian strings of bytes, as in descriptor.h.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include <systemc>

#include "models/security/descriptor.h"
#include "models/security/volume_cipher.h"

namespace cardvp::security {

using Input = std::span<const std::byte>;
using Output = std::span<std::byte>;

// How a calculation ended.
struct Outcome {
  // SECURITY_OK, _BAD_KEY, _AUTH_FAILED (GCM), _BAD_SIGNATURE (verification), _BAD_DESCRIPTOR (what this implementation
  // does not do). Outputs count only with SECURITY_OK.
  security_status status = SECURITY_OK;
  // How long it took in simulated time, if the implementation is one that knows (Crypto::times_itself).
  std::optional<sc_core::sc_time> took;
};

// In bytes; 0 for a number that names none.
std::size_t digest_bytes(unsigned hash);
std::size_t curve_bytes(unsigned curve);  // of a coordinate and of a private key

class Crypto {
 public:
  virtual ~Crypto() = default;

  // Whether Outcome::took may be set. Then results are there before the time has passed.
  virtual bool times_itself() const { return false; }
  // Whether it always is, by Xts and Gcm.
  virtual bool times_ciphers() const { return false; }

  using Tweak = std::array<std::uint8_t, 16>;

  // A key that is made ready for one cipher. To destroy it is to zeroise it.
  class Xts {
   public:
    virtual ~Xts() = default;
    // from and to: of the same size, a multiple of `unit`; the same place, or no overlap. unit: at least 16 bytes.
    virtual Outcome run(CipherDirection direction, Tweak tweak, std::size_t unit, Input from, Output to) = 0;
  };
  class Gcm {
   public:
    virtual ~Gcm() = default;
    // from and to: as above, 0 bytes too. iv: 1 to 128 bytes. tag: 4 to 16 bytes.
    virtual Outcome seal(Input iv, Input additional, Input from, Output to, Output tag) = 0;
    // Leaves `to` as it is unless the tag is right.
    virtual Outcome open(Input iv, Input additional, Input from, Output to, Input tag) = 0;
    // Leaves zeros in `data` unless the tag is right.
    virtual Outcome open_in_place(Input iv, Input additional, Output data, Input tag) = 0;
  };
  // Null if the key is of no use: a size that the cipher does not have; for XTS two equal halves.
  virtual std::unique_ptr<Xts> make_xts(Input key) = 0;
  virtual std::unique_ptr<Gcm> make_gcm(Input key) = 0;

  // digest: of the algorithm's size.
  virtual Outcome hash(security_hash algorithm, Input data, Output digest) = 0;
  // mac: at most the digest's size; the first bytes of the MAC.
  virtual Outcome hmac(security_hash algorithm, Input key, Input data, Output mac) = 0;
  // made: 1 to 255 digests' bytes.
  virtual Outcome hkdf(security_hash algorithm, Input key, Input salt, Input info, Output made) = 0;

  // public_key, signature: of two coordinates' size.
  virtual Outcome ecdsa_verify(security_curve curve, Input digest, Input public_key, Input signature) = 0;
  // Deterministic (RFC 6979); digest: made with `algorithm`.
  virtual Outcome ecdsa_sign(security_curve curve, security_hash algorithm, Input digest, Input private_key,
                             Output signature) = 0;
  // shared: of a coordinate's size.
  virtual Outcome ecdh(security_curve curve, Input private_key, Input public_key, Output shared) = 0;
  virtual Outcome ec_public(security_curve curve, Input private_key, Output public_key) = 0;
  // A private key out of random bytes, eight more than it has at least: their number mod (n - 1), plus 1 (FIPS 186-4,
  // B.4.1).
  virtual Outcome ec_private(security_curve curve, Input random, Output private_key) = 0;

  // AES key wrap (SP 800-38F): KW, or KWP if `padded`. wrapped: wrapped_bytes(key.size()).
  virtual Outcome wrap(Input by, Input key, bool padded, Output wrapped) = 0;
  // key: at least of the size of `wrapped`, all of it may be written; the first `size` bytes are the key.
  virtual Outcome unwrap(Input by, Input wrapped, bool padded, Output key, std::size_t& size) = 0;
};

// With KWP; with KW the same for the sizes that it has.
constexpr std::size_t wrapped_bytes(std::size_t key) { return (key + 7) / 8 * 8 + 8; }

std::unique_ptr<Crypto> make_openssl_crypto();

}  // namespace cardvp::security
