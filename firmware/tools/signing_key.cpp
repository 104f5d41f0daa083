#include "firmware/tools/signing_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "firmware/tools/ecdsa.h"

namespace cardvp::tools {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
  void operator()(unsigned char* bytes) const { OPENSSL_free(bytes); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Number = std::unique_ptr<BIGNUM, Free>;

constexpr const char* kCurve = "secp384r1";

Key read(const std::filesystem::path& pem) {
  const auto fail = [&](const std::string& why) -> std::runtime_error {
    return std::runtime_error(fmt::format("{}: {}", pem.string(), why));
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(pem.c_str(), "r"), std::fclose);
  if (!file) throw fail("the key cannot be read");
  Key key(PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr));
  if (!key) {
    std::rewind(file.get());
    if (Key(PEM_read_PUBKEY(file.get(), nullptr, nullptr, nullptr)))
      throw fail("a public key; signing needs the private one");
    throw fail("no private key in PEM, or not with this pass phrase");
  }
  if (!EVP_PKEY_is_a(key.get(), "EC"))
    throw fail(
        fmt::format("a key of type {}; an EC key of the curve P-384 is needed", EVP_PKEY_get0_type_name(key.get())));
  char curve[64] = "unknown";
  EVP_PKEY_get_group_name(key.get(), curve, sizeof curve, nullptr);
  if (std::string(curve) != kCurve)
    throw fail(fmt::format("a key of the curve {}; one of P-384 ({}) is needed", curve, kCurve));
  return key;
}

void part(const Key& key, const char* name, std::uint8_t* to) {
  BIGNUM* value = nullptr;
  if (!EVP_PKEY_get_bn_param(key.get(), name, &value)) throw std::runtime_error("the key is not complete");
  const Number owner(value);
  if (BN_bn2binpad(value, to, 48) != 48) throw std::runtime_error("the key is not one of P-384");
}

Key public_half(const Point& point) {
  std::array<std::uint8_t, 1 + std::tuple_size_v<Point>> encoded{POINT_CONVERSION_UNCOMPRESSED};
  std::copy(point.begin(), point.end(), encoded.begin() + 1);
  std::array<char, 16> curve{};
  std::copy_n(kCurve, std::char_traits<char>::length(kCurve), curve.begin());
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size()),
                             OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_PKEY_CTX, Free> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) <= 0) throw std::bad_alloc();
  EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters);  // none for a point off the curve
  return Key(key);
}

}  // namespace

Digest sha384(std::span<const std::uint8_t> bytes) {
  Digest digest;
  if (!EVP_Q_digest(nullptr, "SHA384", nullptr, bytes.data(), bytes.size(), digest.data(), nullptr))
    throw std::bad_alloc();
  return digest;
}

SigningKey::SigningKey(const std::filesystem::path& pem) {
  const Key key = read(pem);
  part(key, OSSL_PKEY_PARAM_PRIV_KEY, private_key_.data());
  part(key, OSSL_PKEY_PARAM_EC_PUB_X, public_key_.data());
  part(key, OSSL_PKEY_PARAM_EC_PUB_Y, public_key_.data() + 48);
}

SigningKey::~SigningKey() { OPENSSL_cleanse(private_key_.data(), private_key_.size()); }

Signature SigningKey::sign(const Digest& digest) const { return sign_p384(private_key_, digest); }

bool verify(const Point& public_key, const Digest& digest, const Signature& signature) {
  const Key key = public_half(public_key);
  if (!key) return false;
  Number r(BN_bin2bn(signature.data(), 48, nullptr)), s(BN_bin2bn(signature.data() + 48, 48, nullptr));
  const std::unique_ptr<ECDSA_SIG, Free> numbers(ECDSA_SIG_new());
  if (!r || !s || !numbers) throw std::bad_alloc();
  ECDSA_SIG_set0(numbers.get(), r.release(), s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(numbers.get(), &der);
  const std::unique_ptr<unsigned char, Free> owner(der);
  const std::unique_ptr<EVP_PKEY_CTX, Free> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  return size > 0 && context && EVP_PKEY_verify_init(context.get()) > 0 &&
         EVP_PKEY_verify(context.get(), der, static_cast<std::size_t>(size), digest.data(), digest.size()) == 1;
}

}  // namespace cardvp::tools
