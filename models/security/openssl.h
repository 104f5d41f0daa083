// OpenSSL's objects with owners: for this folder's .cpp files that call OpenSSL.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <memory>
#include <new>
#include <span>

namespace cardvp::security::openssl {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
template <class T, auto kFree>
using Owner = std::unique_ptr<T, Free<kFree>>;

using Library = Owner<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;
using Cipher = Owner<EVP_CIPHER, EVP_CIPHER_free>;
using CipherContext = Owner<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using Digest = Owner<EVP_MD, EVP_MD_free>;
using Mac = Owner<EVP_MAC, EVP_MAC_free>;
using MacContext = Owner<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using Kdf = Owner<EVP_KDF, EVP_KDF_free>;
using KdfContext = Owner<EVP_KDF_CTX, EVP_KDF_CTX_free>;
using Key = Owner<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Owner<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using Number = Owner<BIGNUM, BN_clear_free>;
using NumberContext = Owner<BN_CTX, BN_CTX_free>;
using Group = Owner<EC_GROUP, EC_GROUP_free>;
using Point = Owner<EC_POINT, EC_POINT_clear_free>;

// What only fails for want of memory, or of an algorithm that every OpenSSL 3 has.
template <class T>
T* must(T* object) {
  if (!object) throw std::bad_alloc();
  return object;
}
inline void must(int done) {
  if (done != 1) throw std::bad_alloc();
}

inline const unsigned char* in(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* out(std::span<std::byte> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace cardvp::security::openssl
