// The mathematics alone, where no vector of the vectors' package is about it.
#include "models/security/crypto.h"

#include <gtest/gtest.h>

#include "test/unit/security/machine.h"

namespace cardvp::security {
namespace {

Input in(const Bytes& bytes) { return std::as_bytes(std::span(bytes)); }
Output out(Bytes& bytes) { return std::as_writable_bytes(std::span(bytes)); }

struct SignatureVector {
  security_hash algorithm;
  const char* message;
  const char* r;
  const char* s;
};

// RFC 6979, A.2.6 (P-384) and A.2.5 (P-256). SHA-1 is not an algorithm of the engine.
constexpr SignatureVector kP384[] = {
    {SECURITY_SHA224, "sample",
     "42356E76B55A6D9B4631C865445DBE54E056D3B3431766D0509244793C3F9366450F76EE3DE43F5A125333A6BE060122",
     "9DA0C81787064021E78DF658F2FBB0B042BF304665DB721F077A4298B095E4834C082C03D83028EFBF93A3C23940CA8D"},
    {SECURITY_SHA256, "sample",
     "21B13D1E013C7FA1392D03C5F99AF8B30C570C6F98D4EA8E354B63A21D3DAA33BDE1E888E63355D92FA2B3C36D8FB2CD",
     "F3AA443FB107745BF4BD77CB3891674632068A10CA67E3D45DB2266FA7D1FEEBEFDC63ECCD1AC42EC0CB8668A4FA0AB0"},
    {SECURITY_SHA384, "sample",
     "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46",
     "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8"},
    {SECURITY_SHA512, "sample",
     "ED0959D5880AB2D869AE7F6C2915C6D60F96507F9CB3E047C0046861DA4A799CFE30F35CC900056D7C99CD7882433709",
     "512C8CCEEE3890A84058CE1E22DBC2198F42323CE8ACA9135329F03C068E5112DC7CC3EF3446DEFCEB01A45C2667FDD5"},
    {SECURITY_SHA384, "test",
     "8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF023DB",
     "DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA5A5"},
    {SECURITY_SHA512, "test",
     "A0D5D090C9980FAF3C2CE57B7AE951D31977DD11C775D314AF55F76C676447D06FB6495CD21B4B6E340FC236584FB277",
     "976984E59B4C77B0E8E4460DCA3D9F20E07B9BB1F63BEEFAF576F6B2E8B224634A2092CD3792E0159AD9CEE37659C736"},
};

TEST(CryptoTest, SignsAsRfc6979Says) {
  const auto crypto = make_openssl_crypto();
  const Bytes key =
      from_hex("6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5");
  const Bytes point = from_hex(
      "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13"
      "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720");
  Bytes made_point(96);
  ASSERT_EQ(crypto->ec_public(SECURITY_P384, in(key), out(made_point)).status, SECURITY_OK);
  EXPECT_EQ(made_point, point);
  for (const SignatureVector& vector : kP384) {
    Bytes digest(digest_bytes(vector.algorithm)), signature(96);
    crypto->hash(vector.algorithm, std::as_bytes(std::span(vector.message, std::strlen(vector.message))), out(digest));
    ASSERT_EQ(crypto->ecdsa_sign(SECURITY_P384, vector.algorithm, in(digest), in(key), out(signature)).status,
              SECURITY_OK);
    EXPECT_EQ(signature, from_hex(std::string(vector.r) + vector.s)) << vector.message << vector.algorithm;
    EXPECT_EQ(crypto->ecdsa_verify(SECURITY_P384, in(digest), in(point), in(signature)).status, SECURITY_OK);
  }
}

TEST(CryptoTest, SignsWithP256AsRfc6979Says) {
  const auto crypto = make_openssl_crypto();
  const Bytes key = from_hex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
  Bytes digest(32), signature(64);
  crypto->hash(SECURITY_SHA256, std::as_bytes(std::span("sample", 6)), out(digest));
  ASSERT_EQ(crypto->ecdsa_sign(SECURITY_P256, SECURITY_SHA256, in(digest), in(key), out(signature)).status,
            SECURITY_OK);
  EXPECT_EQ(signature, from_hex("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                                "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"));
}

}  // namespace
}  // namespace cardvp::security
