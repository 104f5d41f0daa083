#include "firmware/tools/ecdsa.h"

#include <initializer_list>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>

namespace cardvp::tools {
namespace {

constexpr int kBytes = 48;  // of the order, and of SHA-384
using Octets = std::array<std::uint8_t, kBytes>;
using Bytes = std::span<const std::uint8_t>;

struct Free {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  void operator()(EC_GROUP* group) const { EC_GROUP_free(group); }
  void operator()(EC_POINT* point) const { EC_POINT_clear_free(point); }
};
using Number = std::unique_ptr<BIGNUM, Free>;

// OpenSSL gives no other reason here.
void check(bool good) {
  if (!good) throw std::bad_alloc();
}

Number number(Bytes bytes = {}) {
  Number value(BN_secure_new());
  check(value && BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), value.get()));
  BN_set_flags(value.get(), BN_FLG_CONSTTIME);
  return value;
}

void write(const BIGNUM* value, std::uint8_t* to) { check(BN_bn2binpad(value, to, kBytes) == kBytes); }

// The generator of nonces, RFC 6979, 3.2; the names are its.
class Nonces {
 public:
  Nonces(Bytes private_key, Bytes digest) {
    k_.fill(0);
    v_.fill(1);
    for (const std::uint8_t step : {0, 1}) {
      k_ = hmac({v_, Bytes(&step, 1), private_key, digest});
      v_ = hmac({v_});
    }
  }
  ~Nonces() {
    OPENSSL_cleanse(k_.data(), k_.size());
    OPENSSL_cleanse(v_.data(), v_.size());
  }
  Nonces(const Nonces&) = delete;
  Nonces& operator=(const Nonces&) = delete;

  Number next() {
    if (!first_) {
      const std::uint8_t zero = 0;
      k_ = hmac({v_, Bytes(&zero, 1)});
      v_ = hmac({v_});
    }
    first_ = false;
    v_ = hmac({v_});
    return number(v_);
  }

 private:
  Octets hmac(std::initializer_list<Bytes> parts) const {
    std::vector<std::uint8_t> data;
    data.reserve(3 * kBytes + 1);  // so that nothing secret is left behind by growing
    for (const Bytes part : parts) data.insert(data.end(), part.begin(), part.end());
    Octets mac;
    const bool good = HMAC(EVP_sha384(), k_.data(), kBytes, data.data(), data.size(), mac.data(), nullptr) != nullptr;
    OPENSSL_cleanse(data.data(), data.size());
    check(good);
    return mac;
  }

  Octets k_, v_;
  bool first_ = true;
};

}  // namespace

P384Signature sign_p384(std::span<const std::uint8_t, 48> private_key, std::span<const std::uint8_t, 48> digest) {
  const std::unique_ptr<BN_CTX, Free> context(BN_CTX_secure_new());
  const std::unique_ptr<EC_GROUP, Free> group(EC_GROUP_new_by_curve_name(NID_secp384r1));
  check(context && group);
  const std::unique_ptr<EC_POINT, Free> point(EC_POINT_new(group.get()));
  check(point != nullptr);
  const BIGNUM* const n = EC_GROUP_get0_order(group.get());
  const Number d = number(private_key), e = number(digest);
  if (BN_is_zero(d.get()) || BN_cmp(d.get(), n) >= 0) throw std::invalid_argument("not a private key of P-384");
  check(BN_nnmod(e.get(), e.get(), n, context.get()));
  Octets reduced;
  write(e.get(), reduced.data());

  P384Signature signature;
  Nonces nonces(private_key, reduced);
  for (;;) {
    const Number k = nonces.next(), r = number(), s = number();
    if (BN_is_zero(k.get()) || BN_cmp(k.get(), n) >= 0) continue;
    check(EC_POINT_mul(group.get(), point.get(), k.get(), nullptr, nullptr, context.get()) &&
          EC_POINT_get_affine_coordinates(group.get(), point.get(), r.get(), nullptr, context.get()) &&
          BN_nnmod(r.get(), r.get(), n, context.get()));
    // s = (e + r d) / k
    check(BN_mod_mul(s.get(), r.get(), d.get(), n, context.get()) &&
          BN_mod_add(s.get(), s.get(), e.get(), n, context.get()) &&
          BN_mod_inverse(k.get(), k.get(), n, context.get()) &&
          BN_mod_mul(s.get(), s.get(), k.get(), n, context.get()));
    if (BN_is_zero(r.get()) || BN_is_zero(s.get())) continue;
    write(r.get(), signature.data());
    write(s.get(), signature.data() + kBytes);
    return signature;
  }
}

}  // namespace cardvp::tools
