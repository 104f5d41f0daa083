#include "test/unit/security/machine.h"

namespace cardvp::security {
namespace {

struct OperationsTest : testing::Test {
  SecurityMachine machine;
};

TEST_F(OperationsTest, HashesWhatIsInMemory) {
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_HASH;
  descriptor.algorithm = SECURITY_SHA256;
  descriptor.source = machine.put(Places::kSource, Bytes{'a', 'b', 'c'});
  descriptor.source_size = 3;
  descriptor.destination = SecurityMachine::kRam + Places::kDestination;
  descriptor.destination_size = 32;
  ASSERT_EQ(machine.run(descriptor), SECURITY_OK);
  EXPECT_EQ(descriptor.result_size, 32u);
  EXPECT_EQ(machine.at(descriptor.destination, 32),
            from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

TEST_F(OperationsTest, UnwrapsAKeyAndEncryptsWithIt) {
  const Bytes key = pattern(64, 1);
  ASSERT_EQ(machine.load(20, key, SECURITY_FOR_XTS, 3), SECURITY_OK);
  EXPECT_EQ(machine.slot_status(20), 1u | 64u << 8 | SECURITY_FOR_XTS << 16);
  EXPECT_EQ(machine.get(offset::SLOT_OWNER), 3u);
  const Bytes plain = pattern(8192, 2);
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_XTS_ENCRYPT;
  descriptor.key_slot = 20;
  descriptor.source = machine.put(Places::kSource, plain);
  descriptor.source_size = 8192;
  descriptor.destination = SecurityMachine::kRam + Places::kDestination;
  descriptor.destination_size = 8192;
  descriptor.unit_size = 4096;
  descriptor.tweak[0] = 0xff;
  ASSERT_EQ(machine.run(descriptor), SECURITY_OK);
  const Bytes cipher = machine.at(descriptor.destination, 8192);
  Bytes by_volume(8192);
  ASSERT_TRUE(machine.engine.apply({20, 3}, CipherDirection::kEncrypt, 255, 4096, std::as_bytes(std::span(plain)),
                                   std::as_writable_bytes(std::span(by_volume))));
  EXPECT_EQ(cipher, by_volume);
  EXPECT_NE(cipher, plain);
  EXPECT_FALSE(machine.engine.usable({20, 4}));
}

}  // namespace
}  // namespace cardvp::security
