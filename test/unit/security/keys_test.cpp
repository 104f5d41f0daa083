// Key slots, and the operations that make, use and move keys.
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "models/security/device_keys.h"
#include "test/unit/security/descriptors.h"

namespace cardvp::security {
namespace {

using Machine = SecurityMachine;

struct KeysTest : DescriptorTest {
  bool valid(unsigned slot) { return machine.slot_status(slot) & 1; }

  // A key as the test sees it: wrapped under a key that the test has. Slot 300 is used for that.
  Bytes seen(unsigned slot) {
    const Bytes known = pattern(32, 77);
    machine.replace(300, known, SECURITY_FOR_WRAP);
    security_descriptor descriptor = wrap_descriptor(slot, 300);
    descriptor.flags = SECURITY_PADDED;
    EXPECT_EQ(machine.run(descriptor), SECURITY_OK);
    const Bytes wrapped = machine.at(kDestination, descriptor.result_size);
    Bytes key(wrapped.size());
    std::size_t size = 0;
    EXPECT_EQ(make_openssl_crypto()
                  ->unwrap(std::as_bytes(std::span(known)), std::as_bytes(std::span(wrapped)), true,
                           std::as_writable_bytes(std::span(key)), size)
                  .status,
              SECURITY_OK);
    key.resize(size);
    return key;
  }
};

TEST_F(KeysTest, SlotsTellTheirPurposesAndOwner) {
  EXPECT_EQ(machine.get(offset::CAPABILITIES), 4u | EngineConfig{}.slots << 16);
  EXPECT_EQ(machine.slot_status(SECURITY_SLOT_TRANSPORT), 1u | 32u << 8 | SECURITY_FOR_UNWRAP << 16);
  EXPECT_EQ(machine.get(offset::SLOT_OWNER), 0xffffu);
  EXPECT_EQ(machine.slot_status(SECURITY_SLOT_ATTESTATION), 1u | 48u << 8 | SECURITY_FOR_QUOTE << 16);
  for (const unsigned slot : {2u, 15u, 16u, 2047u, 2048u, 0xffffu}) EXPECT_EQ(machine.slot_status(slot), 0u);
  ASSERT_EQ(machine.load(2047, pattern(255, 1), SECURITY_PURPOSES, 5), SECURITY_OK);
  EXPECT_EQ(machine.slot_status(2047), 1u | 255u << 8 | std::uint64_t{SECURITY_PURPOSES} << 16);
  EXPECT_EQ(machine.get(offset::SLOT_OWNER), 5u);
}

TEST_F(KeysTest, SlotsAreDestroyedByNumberAndByOwner) {
  for (unsigned slot = 20; slot < 26; ++slot)
    ASSERT_EQ(machine.load(slot, pattern(32, slot), SECURITY_FOR_HMAC, slot % 2), SECURITY_OK);
  machine.set(offset::SLOT_DESTROY, 20);
  machine.set(offset::SLOT_DESTROY, 0xffff);  // none
  EXPECT_FALSE(valid(20));
  EXPECT_TRUE(valid(22));
  machine.set(offset::OWNER_DESTROY, 1);
  for (unsigned slot = 21; slot < 26; ++slot) EXPECT_EQ(valid(slot), slot % 2 == 0) << slot;
  expect(hmac_descriptor(21, 1), SECURITY_BAD_SLOT, "destroyed");
  expect(hmac_descriptor(22, 1), SECURITY_OK, "still there");
  ASSERT_EQ(machine.load(21, pattern(32, 1), SECURITY_FOR_HMAC), SECURITY_OK);
}

TEST_F(KeysTest, AKeyIsGoneBetweenTwoDescriptors) {
  ASSERT_EQ(machine.load(20, pattern(64, 1), SECURITY_FOR_XTS, 3), SECURITY_OK);
  expect(xts_descriptor(20, 512, 512), SECURITY_OK, "there");
  machine.set(offset::SLOT_DESTROY, 20);
  expect(xts_descriptor(20, 512, 512), SECURITY_BAD_SLOT, "gone");
  Bytes data(512);
  EXPECT_FALSE(machine.engine.usable({20, 3}));
  EXPECT_FALSE(machine.engine.apply({20, 3}, CipherDirection::kDecrypt, 0, 512, std::as_bytes(std::span(data)),
                                    std::as_writable_bytes(std::span(data))));
  EXPECT_EQ(data, Bytes(512));
}

TEST_F(KeysTest, HardwareSlotsCannotBeLoaded) {
  machine.set(offset::SLOT_DESTROY, SECURITY_SLOT_ATTESTATION);  // that much is allowed
  for (const unsigned slot : {0u, 1u, 2u, 15u}) {
    expect(generate_descriptor(slot, 32, SECURITY_FOR_HMAC), SECURITY_NOT_PERMITTED, "generate");
    EXPECT_EQ(machine.load(slot, pattern(32, 1), SECURITY_FOR_HMAC), SECURITY_NOT_PERMITTED);
  }
  EXPECT_FALSE(valid(1));
}

TEST_F(KeysTest, AResultSlotMustBeEmptyAndExist) {
  ASSERT_EQ(machine.load(20, pattern(32, 1), SECURITY_FOR_EXPORT), SECURITY_OK);
  EXPECT_EQ(machine.load(20, pattern(16, 2), SECURITY_FOR_HMAC), SECURITY_BAD_SLOT);
  EXPECT_EQ(machine.load(EngineConfig{}.slots, pattern(16, 2), SECURITY_FOR_HMAC), SECURITY_BAD_SLOT);
  EXPECT_EQ(machine.load(21, pattern(16, 2), SECURITY_PURPOSES + 1), SECURITY_BAD_DESCRIPTOR);
  EXPECT_EQ(seen(20), pattern(32, 1));
}

TEST_F(KeysTest, UnwrapRefuses) {
  const Bytes wrapped = machine.wrapped(pattern(32, 1));
  security_descriptor good{};
  good.operation = SECURITY_UNWRAP;
  good.flags = SECURITY_PADDED;
  good.key_slot = SECURITY_SLOT_TRANSPORT;
  good.result_slot = 20;
  good.source = machine.put(Places::kSource, wrapped);
  good.source_size = static_cast<std::uint32_t>(wrapped.size());
  expect(good, SECURITY_BAD_KEY, "KW is not KWP", [](auto& d) { d.flags = 0; });
  for (const std::size_t at : {0u, 8u, 39u}) {
    machine.ram.bytes()[Places::kSource + at] ^= std::byte{1};
    expect(good, SECURITY_BAD_KEY, "a bit");
    machine.ram.bytes()[Places::kSource + at] ^= std::byte{1};
  }
  for (const unsigned size : {0u, 8u, 15u, 32u, 39u, 41u, 48u, 264u})
    expect(good, SECURITY_BAD_KEY, "size", [=](auto& d) { d.source_size = size; });
  expect(good, SECURITY_BAD_DESCRIPTOR, "size", [](auto& d) { d.source_size = 272; });
  expect(good, SECURITY_BAD_DESCRIPTOR, "flag", [](auto& d) { d.flags |= SECURITY_TO_MEMORY; });
  expect(good, SECURITY_BAD_SLOT, "key", [](auto& d) { d.key_slot = 30; });
  expect(good, SECURITY_NOT_PERMITTED, "key", [](auto& d) { d.key_slot = SECURITY_SLOT_ATTESTATION; });
  expect(good, SECURITY_BUS_ERROR, "source", [](auto& d) { d.source = Machine::kNowhere; });
  EXPECT_FALSE(valid(20));
  expect(good, SECURITY_OK, "right");
  EXPECT_TRUE(valid(20));
}

// Whatever unwrapping leaves behind when it fails must not spill into the neighbour.
TEST_F(KeysTest, AFailedUnwrapOfTheLargestKeyLeavesTheNextSlotAlone) {
  ASSERT_EQ(machine.load(21, pattern(32, 9), SECURITY_FOR_EXPORT), SECURITY_OK);
  const Bytes wrapped = pattern(264, 1);
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_UNWRAP;
  descriptor.flags = SECURITY_PADDED;
  descriptor.result_slot = 20;
  descriptor.source = machine.put(Places::kSource, wrapped);
  descriptor.source_size = 264;
  EXPECT_EQ(machine.run(descriptor), SECURITY_BAD_KEY);
  EXPECT_EQ(seen(21), pattern(32, 9));
}

TEST_F(KeysTest, ExportNeedsPermissionOfBothKeys) {
  ASSERT_EQ(machine.load(20, pattern(32, 1), SECURITY_FOR_EXPORT), SECURITY_OK);
  ASSERT_EQ(machine.load(21, pattern(32, 2), SECURITY_PURPOSES & ~SECURITY_FOR_EXPORT), SECURITY_OK);
  ASSERT_EQ(machine.load(22, pattern(32, 3), SECURITY_FOR_WRAP), SECURITY_OK);
  ASSERT_EQ(machine.load(23, pattern(33, 3), SECURITY_FOR_WRAP | SECURITY_FOR_EXPORT), SECURITY_OK);
  ASSERT_EQ(machine.load(24, pattern(8, 3), SECURITY_FOR_EXPORT), SECURITY_OK);
  machine.put(Places::kDestination, Bytes(264, 0x5a));
  expect(wrap_descriptor(21, 22), SECURITY_NOT_PERMITTED, "not for export");
  expect(wrap_descriptor(20, 20), SECURITY_NOT_PERMITTED, "not for wrapping");
  expect(wrap_descriptor(0, 22), SECURITY_NOT_PERMITTED, "the transport key");
  expect(wrap_descriptor(1, 22), SECURITY_NOT_PERMITTED, "the attestation key");
  expect(wrap_descriptor(20, 0), SECURITY_NOT_PERMITTED, "by the transport key");
  expect(wrap_descriptor(30, 22), SECURITY_BAD_SLOT, "no key");
  expect(wrap_descriptor(20, 30), SECURITY_BAD_SLOT, "no key");
  expect(wrap_descriptor(20, 23), SECURITY_BAD_KEY, "not AES");
  expect(wrap_descriptor(23, 22), SECURITY_BAD_KEY, "not a multiple of 8");
  expect(wrap_descriptor(24, 22), SECURITY_BAD_KEY, "KW begins at 16");
  expect(wrap_descriptor(20, 22), SECURITY_BAD_DESCRIPTOR, "no room", [](auto& d) { d.destination_size = 39; });
  expect(wrap_descriptor(20, 22), SECURITY_BAD_DESCRIPTOR, "flag", [](auto& d) { d.flags = SECURITY_TO_MEMORY; });
  expect(wrap_descriptor(20, 22), SECURITY_BUS_ERROR, "destination", [](auto& d) { d.destination = Machine::kRom; });
  EXPECT_EQ(machine.at(kDestination, 264), Bytes(264, 0x5a));
  expect(wrap_descriptor(20, 22), SECURITY_OK, "right");
  EXPECT_EQ(seen(20), pattern(32, 1));
}

security_descriptor hkdf_descriptor(unsigned slot, unsigned to, std::uint32_t size) {
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_HKDF;
  descriptor.algorithm = SECURITY_SHA256;
  descriptor.key_slot = static_cast<std::uint16_t>(slot);
  descriptor.result_slot = static_cast<std::uint16_t>(to);
  descriptor.first = kFirst;
  descriptor.second = kSecond;
  descriptor.first_size = 13;
  descriptor.second_size = 10;
  descriptor.destination = kDestination;
  descriptor.destination_size = size;
  descriptor.purpose = SECURITY_FOR_EXPORT;
  return descriptor;
}

TEST_F(KeysTest, HkdfDerivesIntoASlot) {  // RFC 5869, A.1
  ASSERT_EQ(machine.load(20, Bytes(22, 0x0b), SECURITY_FOR_DERIVE), SECURITY_OK);
  machine.put(Places::kFirst, from_hex("000102030405060708090a0b0c"));
  machine.put(Places::kSecond, from_hex("f0f1f2f3f4f5f6f7f8f9"));
  machine.put(Places::kDestination, Bytes(64, 0x5a));
  expect(hkdf_descriptor(20, 21, 42), SECURITY_OK, "to a slot");
  EXPECT_EQ(machine.at(kDestination, 64), Bytes(64, 0x5a));
  EXPECT_EQ(machine.slot_status(21), 1u | 42u << 8 | SECURITY_FOR_EXPORT << 16);
  EXPECT_EQ(seen(21), from_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"));
}

TEST_F(KeysTest, HkdfRefuses) {
  ASSERT_EQ(machine.load(20, pattern(32, 1), SECURITY_FOR_DERIVE), SECURITY_OK);
  ASSERT_EQ(machine.load(21, pattern(32, 1), SECURITY_FOR_DERIVE_PUBLIC), SECURITY_OK);
  const auto bad = SECURITY_BAD_DESCRIPTOR;
  const auto to_memory = [](auto& d) { d.flags = SECURITY_TO_MEMORY; };
  const security_descriptor good = hkdf_descriptor(20, 30, 42);
  expect(good, SECURITY_NOT_PERMITTED, "to memory", to_memory);
  expect(hkdf_descriptor(21, 30, 42), SECURITY_NOT_PERMITTED, "to a slot");
  expect(hkdf_descriptor(0, 30, 42), SECURITY_NOT_PERMITTED, "of the transport key");
  expect(hkdf_descriptor(22, 30, 42), SECURITY_BAD_SLOT, "no key");
  expect(hkdf_descriptor(20, 21, 42), SECURITY_BAD_SLOT, "full");
  expect(hkdf_descriptor(20, 15, 42), SECURITY_NOT_PERMITTED, "the hardware's");
  expect(good, bad, "algorithm", [](auto& d) { d.algorithm = 0; });
  expect(good, bad, "nothing", [](auto& d) { d.destination_size = 0; });
  expect(good, bad, "larger than a slot", [](auto& d) { d.destination_size = 256; });
  expect(good, bad, "flag", [](auto& d) { d.flags = SECURITY_PADDED; });
  expect(good, bad, "purpose", [](auto& d) { d.purpose = 1 << 15; });
  expect(good, bad, "salt", [](auto& d) { d.first_size = 65537; });
  expect(good, SECURITY_BUS_ERROR, "salt", [](auto& d) { d.first = Machine::kNowhere; });
  expect(good, SECURITY_BUS_ERROR, "info", [](auto& d) { d.second = Machine::kNowhere; });
  EXPECT_FALSE(valid(30));
  security_descriptor open = hkdf_descriptor(21, 0, 255 * 32 + 1);
  to_memory(open);
  expect(open, bad, "more than 255 digests");
  open.destination_size = 255 * 32;
  expect(open, SECURITY_OK, "255 digests");
  expect(open, SECURITY_BUS_ERROR, "destination", [](auto& d) { d.destination = Machine::kNowhere; });
  expect(good, SECURITY_OK, "right");
}

TEST_F(KeysTest, GeneratesKeysThatDiffer) {
  expect(generate_descriptor(20, 64, SECURITY_FOR_EXPORT), SECURITY_OK, "64");
  expect(generate_descriptor(21, 64, SECURITY_FOR_EXPORT), SECURITY_OK, "64");
  const Bytes one = seen(20), two = seen(21);
  EXPECT_EQ(one.size(), 64u);
  EXPECT_NE(one, two);
  machine.engine.reset();  // the generator does not begin again
  expect(generate_descriptor(20, 64, SECURITY_FOR_EXPORT), SECURITY_OK, "64");
  EXPECT_NE(seen(20), one);
  for (const auto& [size, curve] :
       {std::pair{15, 0}, {65, 0}, {0, 0}, {32, SECURITY_P384}, {48, SECURITY_P256}, {48, 3}})
    expect(generate_descriptor(30, static_cast<std::uint32_t>(size), 0, static_cast<unsigned>(curve)),
           SECURITY_BAD_DESCRIPTOR, "size");
  EXPECT_FALSE(valid(30));
  expect(generate_descriptor(20, 32, 0), SECURITY_BAD_SLOT, "full");
}

TEST_F(KeysTest, TwoSidesAgree) {
  for (const auto& [curve, size] : {std::pair{SECURITY_P256, 32u}, {SECURITY_P384, 48u}}) {
    for (const unsigned slot : {20u, 21u}) {
      machine.set(offset::SLOT_DESTROY, slot);
      machine.set(offset::SLOT_DESTROY, slot + 10);
      expect(generate_descriptor(slot, size, SECURITY_FOR_ECDH, curve), SECURITY_OK, "key");
    }
    for (const unsigned slot : {20u, 21u}) {
      security_descriptor share{};
      share.operation = SECURITY_EC_PUBLIC;
      share.key_slot = static_cast<std::uint16_t>(slot);
      share.destination = kFirst;
      share.destination_size = 2 * size;
      expect(share, SECURITY_OK, "public key");
      expect(share, SECURITY_BAD_DESCRIPTOR, "no room", [](auto& d) { --d.destination_size; });
      expect(share, SECURITY_BUS_ERROR, "destination", [](auto& d) { d.destination = Machine::kNowhere; });
      security_descriptor agree{};
      agree.operation = SECURITY_ECDH;
      agree.key_slot = static_cast<std::uint16_t>(41 - slot);
      agree.result_slot = static_cast<std::uint16_t>(slot + 10);
      agree.first = kFirst;
      agree.first_size = 2 * size;
      agree.purpose = SECURITY_FOR_EXPORT;
      expect(agree, SECURITY_OK, "agreement");
    }
    EXPECT_EQ(seen(30).size(), size);
    EXPECT_EQ(seen(30), seen(31));
  }
}

TEST_F(KeysTest, EcdhGivesTheSecretOfRfc5903) {  // 8.2: P-384
  ASSERT_EQ(machine.load(20,
                         from_hex("099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee"
                                  "3faef896783ab194"),
                         SECURITY_FOR_ECDH),
            SECURITY_OK);
  machine.put(
      Places::kFirst,
      from_hex("e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571"
               "dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c"));
  security_descriptor agree{};
  agree.operation = SECURITY_ECDH;
  agree.key_slot = 20;
  agree.result_slot = 21;
  agree.first = kFirst;
  agree.first_size = 96;
  agree.purpose = SECURITY_FOR_EXPORT;
  expect(agree, SECURITY_OK, "agreement");
  EXPECT_EQ(
      seen(21),
      from_hex("11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746"));
  machine.set(offset::SLOT_DESTROY, 21);

  expect(agree, SECURITY_BAD_DESCRIPTOR, "size", [](auto& d) { d.first_size = 95; });
  expect(agree, SECURITY_BUS_ERROR, "peer", [](auto& d) { d.first = Machine::kNowhere; });
  expect(agree, SECURITY_NOT_PERMITTED, "key", [](auto& d) { d.key_slot = SECURITY_SLOT_ATTESTATION; });
  expect(agree, SECURITY_BAD_SLOT, "key", [](auto& d) { d.key_slot = 30; });
  machine.ram.bytes()[Places::kFirst + 95] ^= std::byte{1};
  expect(agree, SECURITY_BAD_KEY, "not on the curve");
  machine.put(Places::kFirst, Bytes(96));
  expect(agree, SECURITY_BAD_KEY, "zeros");
  machine.put(Places::kFirst, Bytes(96, 0xff));
  expect(agree, SECURITY_BAD_KEY, "larger than the field");
  ASSERT_EQ(machine.load(22, Bytes(48), SECURITY_FOR_ECDH), SECURITY_OK);
  ASSERT_EQ(machine.load(23, Bytes(48, 0xff), SECURITY_FOR_ECDH), SECURITY_OK);
  ASSERT_EQ(machine.load(24, Bytes(47, 1), SECURITY_FOR_ECDH), SECURITY_OK);
  for (const std::uint16_t slot : {22, 23, 24}) {
    expect(agree, SECURITY_BAD_KEY, "no private key", [=](auto& d) { d.key_slot = slot; });
    expect(agree, SECURITY_BAD_KEY, "no private key", [=](auto& d) {
      d.operation = SECURITY_EC_PUBLIC;
      d.key_slot = slot;
      d.destination = kDestination;
      d.destination_size = 96;
    });
  }
  EXPECT_FALSE(valid(21));
}

TEST_F(KeysTest, EcdsaVerifyRefuses) {
  // RFC 6979, A.2.5, with SHA-256 and "sample".
  machine.put(Places::kSource, from_hex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"));
  machine.put(Places::kFirst, from_hex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                       "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"));
  const Bytes signature = from_hex(
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  const Bytes order = from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  machine.put(Places::kSecond, signature);
  security_descriptor good{};
  good.operation = SECURITY_ECDSA_VERIFY;
  good.algorithm = SECURITY_P256;
  good.source = kSource;
  good.source_size = 32;
  good.first = kFirst;
  good.second = kSecond;
  good.first_size = good.second_size = 64;
  expect(good, SECURITY_OK, "right");
  const auto bad = SECURITY_BAD_DESCRIPTOR;
  expect(good, bad, "curve", [](auto& d) { d.algorithm = 0; });
  expect(good, bad, "curve", [](auto& d) { d.algorithm = 3; });
  expect(good, bad, "the other curve's sizes", [](auto& d) { d.algorithm = SECURITY_P384; });
  expect(good, bad, "key", [](auto& d) { d.first_size = 63; });
  expect(good, bad, "signature", [](auto& d) { d.second_size = 65; });
  expect(good, bad, "no digest", [](auto& d) { d.source_size = 0; });
  expect(good, bad, "digest", [](auto& d) { d.source_size = 65; });
  for (auto field : {&security_descriptor::source, &security_descriptor::first, &security_descriptor::second})
    expect(good, SECURITY_BUS_ERROR, "address", [=](auto& d) { d.*field = Machine::kNowhere; });
  for (const std::size_t half : {0u, 32u}) {
    for (const Bytes& value : {Bytes(32), order, Bytes(32, 0xff)}) {
      machine.put(Places::kSecond, signature);
      machine.put(Places::kSecond + half, value);
      expect(good, SECURITY_BAD_SIGNATURE, "r or s that is no such number");
    }
    machine.put(Places::kSecond, signature);
    machine.ram.bytes()[Places::kSecond + half] ^= std::byte{0x80};
    expect(good, SECURITY_BAD_SIGNATURE, "a bit");
  }
  machine.put(Places::kSecond, signature);
  machine.ram.bytes()[Places::kSource] ^= std::byte{1};
  expect(good, SECURITY_BAD_SIGNATURE, "another digest");
  machine.ram.bytes()[Places::kSource] ^= std::byte{1};
  machine.ram.bytes()[Places::kFirst] ^= std::byte{1};
  expect(good, SECURITY_BAD_KEY, "not on the curve");
  machine.put(Places::kFirst, Bytes(64));
  expect(good, SECURITY_BAD_KEY, "zeros");
}

// With nothing of ours but the format.
TEST_F(KeysTest, AQuoteIsVerifiedByOpenSslAlone) {
  const Bytes nonce = pattern(32, 4);
  machine.put(Places::kSource, pattern(48, 5));
  expect(extend_descriptor(2), SECURITY_OK, "extend");
  machine.put(Places::kSource, nonce);
  security_descriptor descriptor = quote_descriptor();
  ASSERT_EQ(machine.run(descriptor), SECURITY_OK);
  EXPECT_EQ(descriptor.result_size, sizeof(security_quote));
  security_quote quote;
  const Bytes bytes = machine.at(kDestination, sizeof quote);
  std::memcpy(&quote, bytes.data(), sizeof quote);
  EXPECT_EQ(quote.magic, 0x544f5551u);
  EXPECT_EQ(quote.version, 1u);
  EXPECT_EQ(quote.card_id, Machine::fuses().card_id);
  EXPECT_EQ(quote.life_cycle, 1u);
  EXPECT_EQ(quote.security_version, 7u);
  EXPECT_EQ(Bytes(quote.nonce, quote.nonce + 32), nonce);
  EXPECT_EQ(Bytes(quote.measurements[0], quote.measurements[0] + 48), Bytes(48));
  const Measurement measured = machine.engine.measurement(2);
  EXPECT_EQ(Bytes(quote.measurements[2], quote.measurements[2] + 48), Bytes(measured.begin(), measured.end()));
  const auto known = attestation_public_key(Machine::fuses());
  EXPECT_EQ(Bytes(quote.public_key, quote.public_key + 96), Bytes(known.begin(), known.end()));

  Bytes point{4};
  point.insert(point.end(), known.begin(), known.end());
  char curve[] = "P-384";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
                             OSSL_PARAM_END};
  EVP_PKEY_CTX* const making = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
  EVP_PKEY* key = nullptr;
  ASSERT_EQ(EVP_PKEY_fromdata_init(making), 1);
  ASSERT_EQ(EVP_PKEY_fromdata(making, &key, EVP_PKEY_PUBLIC_KEY, parameters), 1);
  ECDSA_SIG* const pair = ECDSA_SIG_new();
  ECDSA_SIG_set0(pair, BN_bin2bn(quote.signature, 48, nullptr), BN_bin2bn(quote.signature + 48, 48, nullptr));
  unsigned char* der = nullptr;
  const int der_size = i2d_ECDSA_SIG(pair, &der);
  const auto verify = [&](const Bytes& data) {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EXPECT_EQ(EVP_DigestVerifyInit(context, nullptr, EVP_sha384(), nullptr, key), 1);
    const int right = EVP_DigestVerify(context, der, static_cast<std::size_t>(der_size), data.data(),
                                       offsetof(security_quote, signature));
    EVP_MD_CTX_free(context);
    return right == 1;
  };
  EXPECT_TRUE(verify(bytes));
  Bytes forged = bytes;
  forged[offsetof(security_quote, measurements)] ^= 1;
  EXPECT_FALSE(verify(forged));
  OPENSSL_free(der);
  ECDSA_SIG_free(pair);
  EVP_PKEY_free(key);
  EVP_PKEY_CTX_free(making);
  EXPECT_TRUE(machine.engine.verify(std::as_bytes(std::span(bytes)).first(offsetof(security_quote, signature)),
                                    std::as_bytes(std::span(quote.public_key)),
                                    std::as_bytes(std::span(quote.signature))));
  EXPECT_FALSE(machine.engine.verify(std::as_bytes(std::span(bytes)).first(100),
                                     std::as_bytes(std::span(quote.public_key)),
                                     std::as_bytes(std::span(quote.signature))));
}

TEST_F(KeysTest, QuoteRefuses) {
  const security_descriptor good = quote_descriptor();
  expect(good, SECURITY_BAD_DESCRIPTOR, "nonce", [](auto& d) { d.source_size = 31; });
  expect(good, SECURITY_BAD_DESCRIPTOR, "no room", [](auto& d) { --d.destination_size; });
  expect(good, SECURITY_BUS_ERROR, "nonce", [](auto& d) { d.source = Machine::kNowhere; });
  expect(good, SECURITY_BUS_ERROR, "destination", [](auto& d) { d.destination = Machine::kNowhere; });
  expect(good, SECURITY_NOT_PERMITTED, "key", [](auto& d) { d.key_slot = SECURITY_SLOT_TRANSPORT; });
  expect(good, SECURITY_BAD_SLOT, "key", [](auto& d) { d.key_slot = 30; });
  ASSERT_EQ(machine.load(20, pattern(32, 1), SECURITY_FOR_QUOTE), SECURITY_OK);
  expect(good, SECURITY_BAD_KEY, "P-256", [](auto& d) { d.key_slot = 20; });
}

// What the operator's tool makes is what the card takes.
TEST_F(KeysTest, TheOperatorsWrappingIsTheCards) {
  const Bytes key = pattern(64, 8);
  const std::vector<std::uint8_t> wrapped = wrap_for_card(Machine::fuses(), key);
  EXPECT_EQ(wrapped.size(), 72u);
  security_descriptor descriptor{};
  descriptor.operation = SECURITY_UNWRAP;
  descriptor.result_slot = 20;
  descriptor.source = machine.put(Places::kSource, wrapped);
  descriptor.source_size = 72;
  descriptor.purpose = SECURITY_FOR_EXPORT;
  ASSERT_EQ(machine.run(descriptor), SECURITY_OK);
  EXPECT_EQ(seen(20), key);
  memory::FusesConfig other = Machine::fuses();
  ++other.card_id;
  EXPECT_NE(wrap_for_card(other, key), wrapped);
  descriptor.result_slot = 21;
  machine.put(Places::kSource, wrap_for_card(other, key));
  EXPECT_EQ(machine.run(descriptor), SECURITY_BAD_KEY);
  EXPECT_THROW(wrap_for_card(other, pattern(63, 1)), std::invalid_argument);
}

TEST(KeySlotsTest, DestroyedIsZeroised) {
  const auto crypto = make_openssl_crypto();
  KeySlots slots(*crypto, 20);
  const Bytes key = pattern(64, 1);
  const auto zeros = [&] {
    const Output all = slots.place(17);
    return std::all_of(all.begin(), all.end(), [](std::byte byte) { return byte == std::byte{}; });
  };
  const auto load = [&] {
    std::memcpy(slots.place(17).data(), key.data(), key.size());
    slots.load(17, key.size(), SECURITY_FOR_XTS, 4);
    ASSERT_NE(slots.xts(17), nullptr);
    ASSERT_FALSE(zeros());
  };
  load();
  slots.destroy(17);
  EXPECT_TRUE(zeros());
  EXPECT_FALSE(slots.info(17).valid);
  load();
  slots.destroy_owner(3);
  EXPECT_FALSE(zeros());
  slots.destroy_owner(4);
  EXPECT_TRUE(zeros());
  load();
  slots.destroy_all();
  EXPECT_TRUE(zeros());
  std::memset(slots.place(17).data(), 1, slots.place(17).size());  // a key that was begun: only its bytes stay
  slots.load(17, 16, 0, 0);
  EXPECT_EQ(slots.place(17)[15], std::byte{1});
  EXPECT_EQ(slots.place(17)[16], std::byte{0});
}

}  // namespace
}  // namespace cardvp::security
