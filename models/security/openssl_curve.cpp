#include "models/security/openssl_curve.h"

#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "models/security/secret.h"

namespace cardvp::security::openssl {
namespace {

Number number(Input bytes) { return Number(must(BN_bin2bn(in(bytes), static_cast<int>(bytes.size()), nullptr))); }

void store(const BIGNUM* value, Output to) {
  [[maybe_unused]] const int stored = BN_bn2binpad(value, out(to), static_cast<int>(to.size()));
  assert(stored == static_cast<int>(to.size()));
}

// What OpenSSL may not let show in its time.
Number secret(Number value) {
  BN_set_flags(value.get(), BN_FLG_CONSTTIME);
  return value;
}

}  // namespace

Curve::Curve(OSSL_LIB_CTX* library, security_curve curve)
    : library_(library),
      name_(curve == SECURITY_P256 ? "P-256" : "P-384"),
      bytes_(curve_bytes(curve)),
      group_(must(EC_GROUP_new_by_curve_name_ex(library, nullptr,
                                                curve == SECURITY_P256 ? NID_X9_62_prime256v1 : NID_secp384r1))),
      order_(EC_GROUP_get0_order(group_.get())) {}

NumberContext Curve::context() const { return NumberContext(must(BN_CTX_new_ex(library_))); }

Point Curve::decode(Input public_key, BN_CTX* context) const {
  if (public_key.size() != 2 * bytes_) return nullptr;
  std::array<std::byte, 1 + 2 * 48> encoded{std::byte{4}};  // uncompressed (SEC 1, 2.3.3)
  std::copy(public_key.begin(), public_key.end(), encoded.begin() + 1);
  Point point(must(EC_POINT_new(group_.get())));
  if (EC_POINT_oct2point(group_.get(), point.get(), in(encoded), 1 + 2 * bytes_, context) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return point;
}

Number Curve::scalar(Input private_key) const {
  if (private_key.size() != bytes_) return nullptr;
  Number value = secret(number(private_key));
  if (BN_is_zero(value.get()) || BN_cmp(value.get(), order_) >= 0) return nullptr;
  return value;
}

Number Curve::truncated(Input digest) const { return number(digest.first(std::min(digest.size(), bytes_))); }

security_status Curve::verify(Input digest, Input public_key, Input signature) const {
  const NumberContext numbers = context();
  if (!decode(public_key, numbers.get())) return SECURITY_BAD_KEY;

  std::array<std::byte, 1 + 2 * 48> encoded{std::byte{4}};
  std::copy(public_key.begin(), public_key.end(), encoded.begin() + 1);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(name_), 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), 1 + 2 * bytes_),
                             OSSL_PARAM_END};
  const KeyContext making(must(EVP_PKEY_CTX_new_from_name(library_, "EC", nullptr)));
  must(EVP_PKEY_fromdata_init(making.get()));
  EVP_PKEY* made = nullptr;
  const bool usable = EVP_PKEY_fromdata(making.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters) == 1;
  const Key key(made);
  if (!usable) {
    ERR_clear_error();
    return SECURITY_BAD_KEY;
  }

  const Owner<ECDSA_SIG, ECDSA_SIG_free> pair(must(ECDSA_SIG_new()));
  must(ECDSA_SIG_set0(pair.get(), number(signature.first(bytes_)).release(), number(signature.last(bytes_)).release()));
  unsigned char* der = nullptr;
  const int der_size = i2d_ECDSA_SIG(pair.get(), &der);
  if (der_size <= 0) throw std::bad_alloc();
  const KeyContext verifying(must(EVP_PKEY_CTX_new_from_pkey(library_, key.get(), nullptr)));
  must(EVP_PKEY_verify_init(verifying.get()));
  const bool right =
      EVP_PKEY_verify(verifying.get(), der, static_cast<std::size_t>(der_size), in(digest), digest.size()) == 1;
  OPENSSL_free(der);
  if (!right) ERR_clear_error();
  return right ? SECURITY_OK : SECURITY_BAD_SIGNATURE;
}

// RFC 6979, 3.2. OpenSSL has no option for it before 3.2.
security_status Curve::sign(const Hmac& hmac, Input digest, Input private_key, Output signature) const {
  const Number key = scalar(private_key);
  if (!key) return SECURITY_BAD_KEY;
  const NumberContext numbers = context();
  const Number hash = truncated(digest);
  const Number reduced(must(BN_new()));
  must(BN_nnmod(reduced.get(), hash.get(), order_, numbers.get()));

  // K and V of the HMAC generator, and what is hashed: V, a byte, the key, the digest.
  const std::size_t size = digest.size();
  const SecretMemory memory(2 * size + size + 1 + 2 * bytes_);
  const Output k = memory.first(size);
  const Output v = memory.bytes().subspan(size, size);
  const Output data = memory.bytes().subspan(2 * size);
  const auto mix = [&](std::byte separator, bool seed) {
    std::copy(v.begin(), v.end(), data.begin());
    data[size] = separator;
    std::copy(private_key.begin(), private_key.end(), data.begin() + static_cast<std::ptrdiff_t>(size + 1));
    store(reduced.get(), data.last(bytes_));
    hmac(k, seed ? Input(data) : Input(data.first(size + 1)), k);
    hmac(k, v, v);
  };
  std::fill(v.begin(), v.end(), std::byte{1});
  mix(std::byte{0}, true);
  mix(std::byte{1}, true);
  const SecretMemory candidate(bytes_ + size);
  while (true) {
    std::size_t filled = 0;
    for (; filled < bytes_; filled += size) {
      hmac(k, v, v);
      std::copy(v.begin(), v.end(), candidate.bytes().begin() + static_cast<std::ptrdiff_t>(filled));
    }
    const Number nonce = scalar(candidate.first(bytes_));
    if (nonce && sign_with(nonce.get(), hash.get(), key.get(), signature, numbers.get())) return SECURITY_OK;
    mix(std::byte{0}, false);
  }
}

bool Curve::sign_with(const BIGNUM* k, const BIGNUM* hash, const BIGNUM* key, Output signature, BN_CTX* context) const {
  const Point point(must(EC_POINT_new(group_.get())));
  const Number r(must(BN_new()));
  const Number s = secret(Number(must(BN_new())));
  must(EC_POINT_mul(group_.get(), point.get(), k, nullptr, nullptr, context));
  must(EC_POINT_get_affine_coordinates(group_.get(), point.get(), r.get(), nullptr, context));
  must(BN_nnmod(r.get(), r.get(), order_, context));
  // k^-1 as k^(n - 2), which takes the same time for every k.
  const Number exponent(must(BN_dup(order_)));
  must(BN_sub_word(exponent.get(), 2));
  const Number inverse = secret(Number(must(BN_new())));
  must(BN_mod_exp_mont_consttime(inverse.get(), k, exponent.get(), order_, context, nullptr));
  must(BN_mod_mul(s.get(), r.get(), key, order_, context));
  must(BN_mod_add(s.get(), s.get(), hash, order_, context));
  must(BN_mod_mul(s.get(), s.get(), inverse.get(), order_, context));
  if (BN_is_zero(r.get()) || BN_is_zero(s.get())) return false;
  store(r.get(), signature.first(bytes_));
  store(s.get(), signature.last(bytes_));
  return true;
}

security_status Curve::ecdh(Input private_key, Input public_key, Output shared) const {
  const NumberContext numbers = context();
  const Number key = scalar(private_key);
  const Point peer = decode(public_key, numbers.get());
  if (!key || !peer) return SECURITY_BAD_KEY;
  const Point point(must(EC_POINT_new(group_.get())));
  const Number x = secret(Number(must(BN_new())));
  must(EC_POINT_mul(group_.get(), point.get(), nullptr, peer.get(), key.get(), numbers.get()));
  must(EC_POINT_get_affine_coordinates(group_.get(), point.get(), x.get(), nullptr, numbers.get()));
  store(x.get(), shared);
  return SECURITY_OK;
}

security_status Curve::public_key(Input private_key, Output made) const {
  const NumberContext numbers = context();
  const Number key = scalar(private_key);
  if (!key) return SECURITY_BAD_KEY;
  const Point point(must(EC_POINT_new(group_.get())));
  const Number x(must(BN_new())), y(must(BN_new()));
  must(EC_POINT_mul(group_.get(), point.get(), key.get(), nullptr, nullptr, numbers.get()));
  must(EC_POINT_get_affine_coordinates(group_.get(), point.get(), x.get(), y.get(), numbers.get()));
  store(x.get(), made.first(bytes_));
  store(y.get(), made.last(bytes_));
  return SECURITY_OK;
}

void Curve::private_key(Input random, Output made) const {
  const NumberContext numbers = context();
  const Number value = secret(number(random));
  const Number range(must(BN_dup(order_)));
  must(BN_sub_word(range.get(), 1));
  must(BN_nnmod(value.get(), value.get(), range.get(), numbers.get()));
  must(BN_add_word(value.get(), 1));
  store(value.get(), made);
}

}  // namespace cardvp::security::openssl
