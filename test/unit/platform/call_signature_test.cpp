#include "platform/call_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "platform/hex.h"
#include "test/unit/platform/operator_keys.h"

namespace cardvp {
namespace {

using platform::decode_signature;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(CallSignature, WhatIsSignedVerifies) {
  const OperatorKeys keys;
  const auto public_key = platform::read_operator_key(keys.public_file());
  const std::string call = R"({"id": "a \"quoted\" one"})";
  for (int n = 0; n < 50; ++n) {  // r and s of all lengths
    const auto line = nlohmann::json::parse(platform::sign_call(keys.private_file(), call));
    EXPECT_EQ(line.at("call"), call);
    const auto signature = decode_signature(line.at("signature").get<std::string>());
    ASSERT_TRUE(signature);
    EXPECT_TRUE(openssl_verifies(std::as_bytes(std::span(call)), public_key, *signature));
  }
}

TEST(CallSignature, OnlyDer) {
  const auto small = decode_signature("3006020101020102");
  ASSERT_TRUE(small);
  EXPECT_EQ((*small)[47], std::byte{1});
  EXPECT_EQ((*small)[95], std::byte{2});
  EXPECT_EQ((*small)[0], std::byte{0});
  const std::string most =
      "0231"
      "00" +
      std::string(96, 'f');  // 48 bytes of ones, behind the zero that keeps it positive
  EXPECT_TRUE(decode_signature("3066" + most + most));
  for (const std::string& bad :
       {std::string(), std::string("30"), std::string("3006020101020"), std::string("300602010102010g"),
        std::string("300602010102010200"),         // something behind it
        std::string("3007020101020102"),           // longer than it is
        std::string("3005020101020102"),           // shorter
        std::string("308106020101020102"),         // a length in the long form
        std::string("300702020001020102"),         // a number with a needless zero
        std::string("30060201ff020102"),           // negative
        std::string("3080020101020102") + "0000",  // an indefinite length
        "3067" +
            ("0232"
             "0100" +
             std::string(96, 'f')) +
            most,               // 49 bytes
        std::string(192, '1'),  // r and s as they are
        std::string(60'000, '3')})
    EXPECT_FALSE(decode_signature(bad)) << bad.substr(0, 80);
}

TEST(CallSignature, KeysThatAreNone) {
  const OperatorKeys good, other_curve("P-256");
  const TemporaryFolder folder;
  const auto garbage = folder.file("garbage.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
  for (const auto& file : {garbage, other_curve.public_file(), good.private_file(), folder.path()})
    EXPECT_THAT([&] { platform::read_operator_key(file); },
                ThrowsMessage<std::runtime_error>(HasSubstr(file.string())));
  for (const auto& file : {garbage, other_curve.private_file(), good.public_file(), folder.path() / "none"})
    EXPECT_THAT([&] { platform::sign_call(file, "{}"); }, ThrowsMessage<std::runtime_error>(HasSubstr(file.string())));
}

}  // namespace
}  // namespace cardvp
