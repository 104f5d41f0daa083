#include "platform/call_signature.h"

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <nlohmann/json.hpp>

#include "platform/hex.h"

namespace cardvp::platform {
namespace {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using File = std::unique_ptr<std::FILE, Free<std::fclose>>;

constexpr std::size_t kNumber = 48;             // bytes of a number of P-384
constexpr std::size_t kMostSignature = 2 * 64;  // bytes of DER: far beyond the longest

using Reader = EVP_PKEY* (*)(std::FILE*, EVP_PKEY**, pem_password_cb*, void*);

// A key with a password is of no use to a program that nobody answers.
int no_password(char*, int, int, void*) { return -1; }

Key read_key(const std::filesystem::path& file, Reader read, const char* kind) {
  const File open(std::fopen(file.c_str(), "re"));
  if (!open) throw std::runtime_error(fmt::format("{}: cannot be read", file.string()));
  Key key(read(open.get(), nullptr, no_password, nullptr));
  char group[32] = "";
  if (!key || !EVP_PKEY_is_a(key.get(), "EC") ||
      EVP_PKEY_get_group_name(key.get(), group, sizeof group, nullptr) != 1 || std::string_view(group) != "secp384r1")
    throw std::runtime_error(
        fmt::format("{}: not a {} key of the curve P-384 as a PEM file without a password", file.string(), kind));
  return key;
}

}  // namespace

OperatorKey read_operator_key(const std::filesystem::path& file) {
  const Key key = read_key(file, PEM_read_PUBKEY, "public");
  std::array<unsigned char, 1 + sizeof(OperatorKey)> point{};  // 0x04, X, Y
  std::size_t size = 0;
  EVP_PKEY_set_utf8_string_param(key.get(), OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed");
  if (EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) != 1 ||
      size != point.size() || point[0] != 4)
    throw std::runtime_error(fmt::format("{}: its point is of no use", file.string()));
  OperatorKey raw;
  std::transform(point.begin() + 1, point.end(), raw.begin(), [](unsigned char byte) { return std::byte{byte}; });
  return raw;
}

std::string sign_call(const std::filesystem::path& private_key, std::string_view call) {
  const Key key = read_key(private_key, PEM_read_PrivateKey, "private");
  const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(call.data());
  std::vector<std::uint8_t> signature(kMostSignature);
  std::size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha384(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes, call.size()) != 1)
    throw std::runtime_error(fmt::format("{}: OpenSSL cannot sign with it", private_key.string()));
  signature.resize(size);
  return nlohmann::ordered_json{{"call", call}, {"signature", to_hex(signature)}}.dump();
}

std::optional<RawSignature> decode_signature(std::string_view hex) {
  const auto der = from_hex(hex.substr(0, 2 * kMostSignature + 2));
  if (!der || der->empty() || der->size() > kMostSignature) return {};
  const unsigned char* at = der->data();
  const std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>> parsed(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der->size())));
  if (!parsed) return {};
  const BIGNUM* numbers[] = {ECDSA_SIG_get0_r(parsed.get()), ECDSA_SIG_get0_s(parsed.get())};
  std::array<unsigned char, sizeof(RawSignature)> raw;
  for (std::size_t i = 0; i < 2; ++i)
    if (BN_is_negative(numbers[i]) || BN_bn2binpad(numbers[i], raw.data() + i * kNumber, kNumber) < 0) return {};
  // Of all the ways to write the two numbers DER's is the shortest; what comes behind them counts too.
  if (i2d_ECDSA_SIG(parsed.get(), nullptr) != static_cast<int>(der->size())) return {};
  RawSignature signature;
  std::transform(raw.begin(), raw.end(), signature.begin(), [](unsigned char byte) { return std::byte{byte}; });
  return signature;
}

}  // namespace cardvp::platform
