#include "firmware/tools/ecdsa.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace cardvp::tools {
namespace {

using Octets = std::array<std::uint8_t, 48>;

Octets octets(const std::string& hex) {
  Octets value;
  for (std::size_t i = 0; i < value.size(); ++i)
    value[i] = static_cast<std::uint8_t>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
  return value;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02X}", byte);
  return text;
}

Octets sha384(const std::string& message) {
  Octets digest;
  EXPECT_EQ(EVP_Q_digest(nullptr, "SHA384", nullptr, message.data(), message.size(), digest.data(), nullptr), 1);
  return digest;
}

// RFC 6979, A.2.6.
const std::string kPrivateKey =
    "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5";

TEST(Ecdsa, DeterministicSignatures) {
  EXPECT_EQ(hex(sign_p384(octets(kPrivateKey), sha384("sample"))),
            "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46"
            "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8");
  EXPECT_EQ(hex(sign_p384(octets(kPrivateKey), sha384("test"))),
            "8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF023DB"
            "DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA5A5");
}

TEST(Ecdsa, PrivateKeysThatAreNone) {
  const std::string order =
      "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
  EXPECT_THROW(sign_p384(octets(std::string(96, '0')), sha384("")), std::invalid_argument);
  EXPECT_THROW(sign_p384(octets(order), sha384("")), std::invalid_argument);
  EXPECT_THROW(sign_p384(octets(std::string(96, 'f')), sha384("")), std::invalid_argument);
  EXPECT_NO_THROW(sign_p384(octets(order.substr(0, 95) + "2"), sha384("")));  // the largest
}

}  // namespace
}  // namespace cardvp::tools
