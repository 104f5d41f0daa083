// Arithmetic on one NIST curve by OpenSSL: the part of Crypto that is about ECDSA and ECDH.
#pragma once

#include <functional>

#include "models/security/crypto.h"
#include "models/security/openssl.h"

namespace cardvp::security::openssl {

class Curve {
 public:
  Curve(OSSL_LIB_CTX* library, security_curve curve);

  security_status verify(Input digest, Input public_key, Input signature) const;
  // hmac: with the algorithm that made the digest; mac has its size.
  using Hmac = std::function<void(Input key, Input data, Output mac)>;
  security_status sign(const Hmac& hmac, Input digest, Input private_key, Output signature) const;
  security_status ecdh(Input private_key, Input public_key, Output shared) const;
  security_status public_key(Input private_key, Output made) const;
  void private_key(Input random, Output made) const;

 private:
  NumberContext context() const;
  Point decode(Input public_key, BN_CTX* context) const;  // null if it is not on the curve
  Number scalar(Input private_key) const;                 // null if it is not in 1 .. n - 1
  // The first bits of a digest (FIPS 186-4, 6.4).
  Number truncated(Input digest) const;
  // With the nonce k; false if another one is to be taken.
  bool sign_with(const BIGNUM* k, const BIGNUM* hash, const BIGNUM* key, Output signature, BN_CTX* context) const;

  OSSL_LIB_CTX* library_;
  const char* name_;
  std::size_t bytes_;
  Group group_;
  const BIGNUM* order_;
};

}  // namespace cardvp::security::openssl
