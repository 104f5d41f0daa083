// A key pair of an operator, new for each test, and a check of signatures by OpenSSL that is not the gateway's own.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "platform/call_signature.h"
#include "test/unit/platform/temporary_folder.h"

namespace cardvp {

class OperatorKeys {
 public:
  explicit OperatorKeys(const char* curve = "P-384") : key_(EVP_EC_gen(curve)) {
    write(private_file(),
          [this](std::FILE* file) { return PEM_write_PrivateKey(file, key_, nullptr, nullptr, 0, nullptr, nullptr); });
    write(public_file(), [this](std::FILE* file) { return PEM_write_PUBKEY(file, key_); });
  }
  ~OperatorKeys() { EVP_PKEY_free(key_); }
  OperatorKeys(const OperatorKeys&) = delete;
  OperatorKeys& operator=(const OperatorKeys&) = delete;

  std::filesystem::path private_file() const { return folder_.path() / "private.pem"; }
  std::filesystem::path public_file() const { return folder_.path() / "public.pem"; }

 private:
  template <class Write>
  void write(const std::filesystem::path& path, Write&& write) {
    std::FILE* const file = std::fopen(path.c_str(), "w");
    if (!file || write(file) != 1 || std::fclose(file) != 0) throw std::runtime_error(path.string());
  }

  EVP_PKEY* key_;
  TemporaryFolder folder_;
};

inline bool openssl_verifies(std::span<const std::byte> message, std::span<const std::byte, 96> public_key,
                             std::span<const std::byte, 96> signature) {
  const auto bytes = [](std::span<const std::byte> span) {
    return reinterpret_cast<const unsigned char*>(span.data());
  };
  std::array<unsigned char, 97> point{4};
  std::memcpy(point.data() + 1, public_key.data(), public_key.size());
  char group[] = "P-384";
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                         OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
                         OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> maker(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), &EVP_PKEY_CTX_free);
  if (EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
    return false;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> holder(key, &EVP_PKEY_free);
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> numbers(ECDSA_SIG_new(), &ECDSA_SIG_free);
  ECDSA_SIG_set0(numbers.get(), BN_bin2bn(bytes(signature.first(48)), 48, nullptr),
                 BN_bin2bn(bytes(signature.last(48)), 48, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(numbers.get(), &der);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha384(), nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(size), bytes(message), message.size()) == 1;
  OPENSSL_free(der);
  return good;
}

}  // namespace cardvp
