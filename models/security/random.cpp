#include "models/security/random.h"

#include <algorithm>
#include <array>

#include "models/security/openssl.h"

namespace cardvp::security {

using namespace openssl;

namespace {

constexpr std::size_t kKey = 32, kBlock = 16;
constexpr std::size_t kMostPerRequest = 1 << 16;  // bytes: SP 800-90A, table 3

}  // namespace

struct Random::State {
  Library library{must(OSSL_LIB_CTX_new())};
  Cipher cipher{must(EVP_CIPHER_fetch(library.get(), "AES-256-CTR", nullptr))};
  CipherContext context{must(EVP_CIPHER_CTX_new())};
};

Random::Random(std::span<const std::byte, kSeedBytes> entropy)
    : state_(std::make_unique<State>()), secret_(kKey + kBlock) {
  update(entropy);
}

Random::~Random() = default;

std::unique_ptr<Random> Random::of_seed(Crypto& crypto, std::uint64_t seed) {
  std::array<std::byte, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(seed >> 8 * i);
  const SecretMemory entropy(kSeedBytes);
  crypto.hash(SECURITY_SHA384, bytes, entropy.bytes());
  return std::make_unique<Random>(entropy.bytes().first<kSeedBytes>());
}

void Random::stream(Output to) {
  const Output key = secret_.bytes().first(kKey);
  const Output v = secret_.bytes().subspan(kKey, kBlock);
  const auto advance = [&](std::uint64_t blocks) {
    for (std::size_t i = kBlock; i-- > 0 && blocks != 0;) {
      blocks += std::to_integer<std::uint64_t>(v[i]);
      v[i] = static_cast<std::byte>(blocks);
      blocks >>= 8;
    }
  };
  advance(1);
  std::fill(to.begin(), to.end(), std::byte{});
  must(EVP_EncryptInit_ex2(state_->context.get(), state_->cipher.get(), in(key), in(v), nullptr));
  int made = 0;
  must(EVP_EncryptUpdate(state_->context.get(), out(to), &made, in(to), static_cast<int>(to.size())));
  advance((to.size() + kBlock - 1) / kBlock - 1);
}

void Random::update(Input provided) {
  const SecretMemory next(kSeedBytes);
  stream(next.bytes());
  for (std::size_t i = 0; i < provided.size(); ++i) next.bytes()[i] ^= provided[i];
  std::copy(next.bytes().begin(), next.bytes().end(), secret_.bytes().begin());
}

void Random::generate(Output to) {
  while (!to.empty()) {
    const std::size_t size = std::min(to.size(), kMostPerRequest);
    stream(to.first(size));
    update({});
    to = to.subspan(size);
  }
}

}  // namespace cardvp::security
