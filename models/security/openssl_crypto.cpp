#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "models/security/crypto.h"
#include "models/security/openssl.h"
#include "models/security/openssl_curve.h"

namespace cardvp::security {
namespace {

using namespace openssl;

// Data of one descriptor fits OpenSSL's int.
int length(std::size_t size) {
  assert(size <= SECURITY_MOST_BYTES + 16);
  return static_cast<int>(size);
}

CipherContext make_context(const EVP_CIPHER* cipher, Input key, bool encrypt) {
  CipherContext context(must(EVP_CIPHER_CTX_new()));
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  must(EVP_CipherInit_ex2(context.get(), cipher, in(key), nullptr, encrypt, nullptr));
  return context;
}

class OpenSslXts : public Crypto::Xts {
 public:
  OpenSslXts(const EVP_CIPHER* cipher, Input key)
      : encrypt_(make_context(cipher, key, true)), decrypt_(make_context(cipher, key, false)) {}

  Outcome run(CipherDirection direction, Crypto::Tweak tweak, std::size_t unit, Input from, Output to) override {
    EVP_CIPHER_CTX* const context = direction == CipherDirection::kEncrypt ? encrypt_.get() : decrypt_.get();
    for (std::size_t at = 0; at < from.size(); at += unit) {
      int made = 0;
      must(EVP_CipherInit_ex2(context, nullptr, nullptr, tweak.data(), -1, nullptr));
      must(EVP_CipherUpdate(context, out(to) + at, &made, in(from) + at, length(unit)));
      for (std::uint8_t& byte : tweak)
        if (++byte != 0) break;
    }
    return {};
  }

 private:
  CipherContext encrypt_;
  CipherContext decrypt_;
};

class OpenSslGcm : public Crypto::Gcm {
 public:
  OpenSslGcm(const EVP_CIPHER* cipher, Input key)
      : encrypt_(make_context(cipher, key, true)), decrypt_(make_context(cipher, key, false)) {}

  Outcome seal(Input iv, Input additional, Input from, Output to, Output tag) override {
    begin(encrypt_.get(), encrypt_iv_bytes_, iv, additional);
    int made = 0;
    if (!from.empty()) must(EVP_EncryptUpdate(encrypt_.get(), out(to), &made, in(from), length(from.size())));
    std::array<unsigned char, 16> whole_tag{};
    must(EVP_EncryptFinal_ex(encrypt_.get(), whole_tag.data(), &made));
    must(EVP_CIPHER_CTX_ctrl(encrypt_.get(), EVP_CTRL_AEAD_GET_TAG, length(tag.size()), whole_tag.data()));
    std::copy_n(reinterpret_cast<const std::byte*>(whole_tag.data()), tag.size(), tag.begin());
    return {};
  }

  Outcome open(Input iv, Input additional, Input from, Output to, Input tag) override {
    // OpenSSL gives out plaintext before it has seen the tag.
    if (plain_.size() < from.size()) plain_.resize(from.size());
    const Output plain(plain_.data(), from.size());
    const bool right = decrypt(iv, additional, from, plain, tag);
    if (right) std::copy(plain.begin(), plain.end(), to.begin());
    OPENSSL_cleanse(plain.data(), plain.size());
    return {right ? SECURITY_OK : SECURITY_AUTH_FAILED, {}};
  }

  Outcome open_in_place(Input iv, Input additional, Output data, Input tag) override {
    if (decrypt(iv, additional, data, data, tag)) return {};
    OPENSSL_cleanse(data.data(), data.size());
    return {SECURITY_AUTH_FAILED, {}};
  }

 private:
  bool decrypt(Input iv, Input additional, Input from, Output to, Input tag) {
    begin(decrypt_.get(), decrypt_iv_bytes_, iv, additional);
    int made = 0;
    if (!from.empty()) must(EVP_DecryptUpdate(decrypt_.get(), out(to), &made, in(from), length(from.size())));
    must(EVP_CIPHER_CTX_ctrl(decrypt_.get(), EVP_CTRL_AEAD_SET_TAG, length(tag.size()),
                             const_cast<unsigned char*>(in(tag))));
    std::array<unsigned char, 16> nothing{};  // GCM has no last block
    if (EVP_DecryptFinal_ex(decrypt_.get(), nothing.data(), &made) == 1) return true;
    ERR_clear_error();
    return false;
  }

  // To set the IV's size costs as much as a small packet: only when it changes.
  static void begin(EVP_CIPHER_CTX* context, std::size_t& iv_bytes, Input iv, Input additional) {
    if (iv_bytes != iv.size()) must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, length(iv.size()), nullptr));
    iv_bytes = iv.size();
    must(EVP_CipherInit_ex2(context, nullptr, nullptr, in(iv), -1, nullptr));
    int made = 0;
    if (!additional.empty()) must(EVP_CipherUpdate(context, nullptr, &made, in(additional), length(additional.size())));
  }

  CipherContext encrypt_;
  CipherContext decrypt_;
  std::size_t encrypt_iv_bytes_ = 0;
  std::size_t decrypt_iv_bytes_ = 0;
  std::vector<std::byte> plain_;  // zeros, but while open() runs
};

class OpenSslCrypto : public Crypto {
 public:
  OpenSslCrypto() = default;

  std::unique_ptr<Xts> make_xts(Input key) override {
    if (key.size() != 32 && key.size() != 64) return nullptr;
    const std::size_t half = key.size() / 2;
    if (CRYPTO_memcmp(key.data(), key.data() + half, half) == 0) return nullptr;
    return std::make_unique<OpenSslXts>(cipher(key.size() == 64 ? "AES-256-XTS" : "AES-128-XTS").get(), key);
  }

  std::unique_ptr<Gcm> make_gcm(Input key) override {
    const char* const name = by_size(key, "AES-128-GCM", "AES-192-GCM", "AES-256-GCM");
    if (!name) return nullptr;
    return std::make_unique<OpenSslGcm>(cipher(name).get(), key);
  }

  Outcome hash(security_hash algorithm, Input data, Output digest) override {
    must(EVP_Digest(data.data(), data.size(), out(digest), nullptr, digests_[algorithm].get(), nullptr));
    return {};
  }

  Outcome hmac(security_hash algorithm, Input key, Input data, Output mac) override {
    const MacContext context(must(EVP_MAC_CTX_new(mac_.get())));
    const OSSL_PARAM parameters[] = {digest_parameter(OSSL_MAC_PARAM_DIGEST, algorithm), OSSL_PARAM_END};
    must(EVP_MAC_init(context.get(), in(key), key.size(), parameters));
    if (!data.empty()) must(EVP_MAC_update(context.get(), in(data), data.size()));
    std::array<unsigned char, EVP_MAX_MD_SIZE> whole{};
    std::size_t made = 0;
    must(EVP_MAC_final(context.get(), whole.data(), &made, whole.size()));
    std::copy_n(reinterpret_cast<const std::byte*>(whole.data()), mac.size(), mac.begin());
    OPENSSL_cleanse(whole.data(), whole.size());
    return {};
  }

  Outcome hkdf(security_hash algorithm, Input key, Input salt, Input info, Output made) override {
    const KdfContext context(must(EVP_KDF_CTX_new(kdf_.get())));
    const auto octets = [](const char* name, Input bytes) {
      return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(bytes.data()), bytes.size());
    };
    std::vector<OSSL_PARAM> parameters{digest_parameter(OSSL_KDF_PARAM_DIGEST, algorithm),
                                       octets(OSSL_KDF_PARAM_KEY, key)};
    if (!salt.empty()) parameters.push_back(octets(OSSL_KDF_PARAM_SALT, salt));
    if (!info.empty()) parameters.push_back(octets(OSSL_KDF_PARAM_INFO, info));
    parameters.push_back(OSSL_PARAM_construct_end());
    if (EVP_KDF_derive(context.get(), out(made), made.size(), parameters.data()) == 1) return {};
    ERR_clear_error();
    return {SECURITY_BAD_DESCRIPTOR, {}};
  }

  Outcome ecdsa_verify(security_curve curve, Input digest, Input public_key, Input signature) override {
    return {by(curve).verify(digest, public_key, signature), {}};
  }
  Outcome ecdsa_sign(security_curve curve, security_hash algorithm, Input digest, Input private_key,
                     Output signature) override {
    const auto with = [&](Input key, Input data, Output mac) { hmac(algorithm, key, data, mac); };
    return {by(curve).sign(with, digest, private_key, signature), {}};
  }
  Outcome ecdh(security_curve curve, Input private_key, Input public_key, Output shared) override {
    return {by(curve).ecdh(private_key, public_key, shared), {}};
  }
  Outcome ec_public(security_curve curve, Input private_key, Output public_key) override {
    return {by(curve).public_key(private_key, public_key), {}};
  }
  Outcome ec_private(security_curve curve, Input random, Output private_key) override {
    by(curve).private_key(random, private_key);
    return {};
  }

  Outcome wrap(Input by, Input key, bool padded, Output wrapped) override {
    std::size_t size = 0;
    const bool fits = padded ? !key.empty() : key.size() % 8 == 0 && key.size() >= 16;
    return {fits && run_wrap(by, key, padded, true, wrapped, size) ? SECURITY_OK : SECURITY_BAD_KEY, {}};
  }

  Outcome unwrap(Input by, Input wrapped, bool padded, Output key, std::size_t& size) override {
    const bool fits = wrapped.size() % 8 == 0 && wrapped.size() >= (padded ? 16u : 24u);
    return {fits && run_wrap(by, wrapped, padded, false, key, size) ? SECURITY_OK : SECURITY_BAD_KEY, {}};
  }

 private:
  static const char* by_size(Input key, const char* of_128, const char* of_192, const char* of_256) {
    switch (key.size()) {
      case 16: return of_128;
      case 24: return of_192;
      case 32: return of_256;
      default: return nullptr;
    }
  }

  Cipher cipher(const char* name) const { return Cipher(must(EVP_CIPHER_fetch(library_.get(), name, nullptr))); }

  static OSSL_PARAM digest_parameter(const char* name, security_hash algorithm) {
    return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(kDigests[algorithm]), 0);
  }

  const Curve& by(security_curve curve) const { return curve == SECURITY_P256 ? p256_ : p384_; }

  bool run_wrap(Input by, Input from, bool padded, bool encrypt, Output to, std::size_t& size) const {
    const char* const name = padded ? by_size(by, "AES-128-WRAP-PAD", "AES-192-WRAP-PAD", "AES-256-WRAP-PAD")
                                    : by_size(by, "AES-128-WRAP", "AES-192-WRAP", "AES-256-WRAP");
    if (!name) return false;
    const Cipher kind = cipher(name);
    const CipherContext context = make_context(kind.get(), by, encrypt);
    int made = 0;
    if (EVP_CipherUpdate(context.get(), out(to), &made, in(from), length(from.size())) != 1 || made <= 0) {
      ERR_clear_error();
      return false;
    }
    size = static_cast<std::size_t>(made);
    return true;
  }

  // By number of security_hash.
  static constexpr std::array kDigests{"",         "SHA2-256",     "SHA2-384",    "SHA2-512",
                                       "SHA2-224", "SHA2-512/224", "SHA2-512/256"};

  std::array<Digest, kDigests.size()> fetch_digests() const {
    std::array<Digest, kDigests.size()> all;
    for (std::size_t i = 1; i < all.size(); ++i) all[i].reset(must(EVP_MD_fetch(library_.get(), kDigests[i], nullptr)));
    return all;
  }

  // Its own, so that no configuration of the host's OpenSSL changes a result.
  Library library_{must(OSSL_LIB_CTX_new())};
  std::array<Digest, kDigests.size()> digests_ = fetch_digests();
  Mac mac_{must(EVP_MAC_fetch(library_.get(), "HMAC", nullptr))};
  Kdf kdf_{must(EVP_KDF_fetch(library_.get(), "HKDF", nullptr))};
  Curve p256_{library_.get(), SECURITY_P256};
  Curve p384_{library_.get(), SECURITY_P384};
};

}  // namespace

std::unique_ptr<Crypto> make_openssl_crypto() { return std::make_unique<OpenSslCrypto>(); }

}  // namespace cardvp::security
