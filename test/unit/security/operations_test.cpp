// Operations on data, and what is wrong with descriptors and memory. (That the results are right: vectors_test.cpp.)
#include <openssl/evp.h>

#include "test/unit/security/descriptors.h"

namespace cardvp::security {
namespace {

using Machine = SecurityMachine;

struct OperationsTest : DescriptorTest {
  // What every operation that writes to memory has to say of places that are none.
  void expect_destination_checks(const security_descriptor& good, std::uint32_t size) {
    expect(good, SECURITY_BUS_ERROR, "nowhere", [](auto& d) { d.destination = Machine::kNowhere; });
    expect(good, SECURITY_BUS_ERROR, "beyond the end of memory",
           [&](auto& d) { d.destination = Machine::kRam + Machine::kRamSize - size + 1; });
    expect(good, SECURITY_BUS_ERROR, "beyond the address space", [&](auto& d) { d.destination = ~0ull - size + 2; });
    expect(good, SECURITY_BUS_ERROR, "read-only", [](auto& d) { d.destination = Machine::kRom; });
    expect(good, SECURITY_OK, "up to the end of memory",
           [&](auto& d) { d.destination = Machine::kRam + Machine::kRamSize - size; });
  }
};

TEST_F(OperationsTest, HashesWhatIsInMemory) {
  machine.put(Places::kSource, Bytes{'a', 'b', 'c'});
  security_descriptor descriptor = hash_descriptor(3);
  ASSERT_EQ(machine.run(descriptor), SECURITY_OK);
  EXPECT_EQ(descriptor.result_size, 32u);
  EXPECT_EQ(machine.at(kDestination, 32), from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

TEST_F(OperationsTest, RefusesWhatIsNoDescriptor) {
  for (const unsigned operation : {0, 17, 255})
    expect(hash_descriptor(3), SECURITY_BAD_DESCRIPTOR, "operation",
           [=](auto& d) { d.operation = static_cast<std::uint8_t>(operation); });
  for (const unsigned byte : {0, 27})
    expect(hash_descriptor(3), SECURITY_BAD_DESCRIPTOR, "reserved", [=](auto& d) { d.reserved[byte] = 1; });
}

TEST_F(OperationsTest, ExecuteChecksTheDescriptorsPlace) {
  const auto execute = [&](std::uint64_t address) {
    machine.set(offset::EXECUTE, address, 8);
    EXPECT_EQ(machine.get(offset::EXECUTE_STATUS), 1u);
    sc_core::sc_start();
    return machine.get(offset::EXECUTE_STATUS) >> 8;
  };
  const security_descriptor descriptor = random_descriptor(4);
  machine.put(0, {reinterpret_cast<const std::uint8_t*>(&descriptor), sizeof descriptor});
  EXPECT_EQ(execute(Machine::kRam + 4), SECURITY_BAD_DESCRIPTOR);
  EXPECT_EQ(execute(Machine::kNowhere), SECURITY_BUS_ERROR);
  EXPECT_EQ(execute(Machine::kRam + Machine::kRamSize - 64), SECURITY_BUS_ERROR);
  EXPECT_EQ(execute(~7ull), SECURITY_BUS_ERROR);
  std::memcpy(machine.rom.bytes.data(), &descriptor, sizeof descriptor);
  EXPECT_EQ(execute(Machine::kRom), SECURITY_BUS_ERROR);  // there is no place for its status
  EXPECT_EQ(execute(Machine::kRam), SECURITY_OK);
}

TEST_F(OperationsTest, ExecuteIsIgnoredWhileBusyAndStartsAtTheTimeOfTheWrite) {
  const security_descriptor one = random_descriptor(4);
  machine.put(0, {reinterpret_cast<const std::uint8_t*>(&one), sizeof one});
  machine.core.ahead = sc_core::sc_time(5, sc_core::SC_US);
  machine.set(offset::EXECUTE + 4, 0, 4);  // the upper half alone
  EXPECT_EQ(machine.get(offset::EXECUTE_STATUS), 0u);
  machine.set(offset::EXECUTE, Machine::kRam, 8);
  machine.set(offset::EXECUTE, Machine::kNowhere, 8);  // ignored
  EXPECT_EQ(machine.get(offset::EXECUTE_STATUS), 1u);
  const sc_core::sc_time end =
      machine.core.ahead + sc_core::sc_time(15 + 15 + 1000 + 8, sc_core::SC_NS);  // bus, fetch, latency, 4 bytes
  sc_core::sc_start(end);                                                         // what happens then is still to come
  EXPECT_EQ(machine.get(offset::EXECUTE_STATUS), 1u);
  EXPECT_EQ(machine.at(kDestination, 4), Bytes(4));
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_PS));
  EXPECT_EQ(machine.get(offset::EXECUTE_STATUS), 0u);
  EXPECT_NE(machine.at(kDestination, 4), Bytes(4));
}

TEST_F(OperationsTest, XtsCountsDataUnitsAndWorksInPlace) {
  const Bytes key = pattern(64, 1);
  ASSERT_EQ(machine.load(20, key, SECURITY_FOR_XTS), SECURITY_OK);
  const Bytes plain = pattern(8192, 2);
  for (const unsigned unit : {512u, 4096u}) {
    machine.put(Places::kSource, plain);
    security_descriptor descriptor = xts_descriptor(20, 8192, unit);
    std::fill(descriptor.tweak, descriptor.tweak + 16, std::uint8_t{0xff});  // the second unit's is 0
    ASSERT_EQ(machine.run(descriptor), SECURITY_OK);
    EXPECT_EQ(descriptor.result_size, 8192u);

    // OpenSSL alone, unit by unit.
    Bytes expected(8192);
    EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
    for (unsigned at = 0; at < 8192; at += unit) {
      Bytes tweak(16, at == 0 ? 0xff : 0);
      if (at > unit) tweak[0] = static_cast<std::uint8_t>(at / unit - 1);
      int made = 0;
      ASSERT_EQ(EVP_EncryptInit_ex2(context, EVP_aes_256_xts(), key.data(), tweak.data(), nullptr), 1);
      ASSERT_EQ(EVP_EncryptUpdate(context, &expected[at], &made, &plain[at], static_cast<int>(unit)), 1);
    }
    EVP_CIPHER_CTX_free(context);
    EXPECT_EQ(machine.at(kDestination, 8192), expected);

    descriptor.operation = SECURITY_XTS_DECRYPT;
    descriptor.source = kDestination;
    ASSERT_EQ(machine.run(descriptor), SECURITY_OK);
    EXPECT_EQ(machine.at(kDestination, 8192), plain);
  }
}

TEST_F(OperationsTest, XtsRefuses) {
  ASSERT_EQ(machine.load(20, pattern(64, 1), SECURITY_FOR_XTS), SECURITY_OK);
  ASSERT_EQ(machine.load(21, pattern(48, 1), SECURITY_FOR_XTS), SECURITY_OK);
  ASSERT_EQ(machine.load(22, Bytes(64, 7), SECURITY_FOR_XTS), SECURITY_OK);
  ASSERT_EQ(machine.load(23, pattern(64, 1), SECURITY_PURPOSES & ~SECURITY_FOR_XTS), SECURITY_OK);
  const security_descriptor good = xts_descriptor(20, 8192, 4096);
  machine.put(Places::kDestination, Bytes(8192, 0x5a));
  const auto bad = SECURITY_BAD_DESCRIPTOR;
  expect(good, bad, "unit", [](auto& d) { d.unit_size = 1024; });
  expect(good, bad, "not whole units", [](auto& d) { d.source_size = 8191; });
  expect(good, bad, "too small", [](auto& d) { d.unit_size = 0, d.source_size = 15; });
  expect(good, bad, "no data", [](auto& d) { d.unit_size = 0, d.source_size = 0; });
  expect(good, bad, "too much", [](auto& d) { d.source_size = d.destination_size = SECURITY_MOST_BYTES + 4096; });
  expect(good, bad, "more than anything", [](auto& d) { d.source_size = d.destination_size = 0xfffff000; });
  expect(good, bad, "destination too small", [](auto& d) { d.destination_size = 8191; });
  expect(good, bad, "overlap", [](auto& d) { d.destination = d.source + 8191; });
  expect(good, bad, "overlap from below", [](auto& d) { d.destination = d.source - 16; });
  expect(good, SECURITY_BAD_KEY, "48 bytes", [](auto& d) { d.key_slot = 21; });
  expect(good, SECURITY_BAD_KEY, "equal halves", [](auto& d) { d.key_slot = 22; });
  expect(good, SECURITY_NOT_PERMITTED, "purpose", [](auto& d) { d.key_slot = 23; });
  expect(good, SECURITY_NOT_PERMITTED, "the hardware's", [](auto& d) { d.key_slot = SECURITY_SLOT_TRANSPORT; });
  for (const unsigned slot : {24u, 319u, 320u, 0xffffu})
    expect(good, SECURITY_BAD_SLOT, "slot", [=](auto& d) { d.key_slot = static_cast<std::uint16_t>(slot); });
  expect(good, SECURITY_BUS_ERROR, "source", [](auto& d) { d.source = Machine::kRam + Machine::kRamSize - 4096; });
  expect(good, SECURITY_BUS_ERROR, "source", [](auto& d) { d.source = ~0ull - 4095; });
  EXPECT_EQ(machine.at(kDestination, 8192), Bytes(8192, 0x5a));  // nothing was written by all of these
  expect(good, SECURITY_OK, "not overlapping", [](auto& d) { d.destination = d.source + 8192; });
  expect(good, SECURITY_OK, "no units", [](auto& d) { d.source_size = d.destination_size = 0; });
  expect_destination_checks(good, 8192);
}

TEST_F(OperationsTest, GcmReleasesNothingUnlessTheTagIsRight) {
  ASSERT_EQ(machine.load(20, pattern(32, 1), SECURITY_FOR_GCM), SECURITY_OK);
  const Bytes plain = pattern(100, 3);
  machine.put(Places::kSource, plain);
  expect(gcm_descriptor(20, 100), SECURITY_OK, "seal");
  const Bytes sealed = machine.at(kDestination, 100), tag = machine.at(kTag, 16);
  const security_descriptor open = gcm_descriptor(20, 100, SECURITY_GCM_OPEN);
  const auto opened = [&](std::uint64_t place, std::size_t at, security_status status) {
    machine.put(Places::kSource, sealed);
    machine.put(Places::kTag, tag);
    machine.put(Places::kDestination, Bytes(100, 0x5a));
    const std::uint64_t offset = place - Machine::kRam + at;
    machine.ram.bytes()[offset] ^= std::byte{0x10};
    expect(open, status, "open");
    expect(open, status, "open in place", [](auto& d) { d.destination = d.source; });
    machine.ram.bytes()[offset] ^= std::byte{0x10};
    EXPECT_EQ(machine.at(kDestination, 100), Bytes(100, 0x5a));
    EXPECT_EQ(machine.at(kSource, 100), sealed);
  };
  opened(kSource, 99, SECURITY_AUTH_FAILED);
  opened(kFirst, 19, SECURITY_AUTH_FAILED);
  opened(kSecond, 0, SECURITY_AUTH_FAILED);
  opened(kTag, 15, SECURITY_AUTH_FAILED);
  expect(open, SECURITY_OK, "open");
  EXPECT_EQ(machine.at(kDestination, 100), plain);
  expect(open, SECURITY_OK, "open in place", [](auto& d) { d.destination = d.source; });
  EXPECT_EQ(machine.at(kSource, 100), plain);
}

TEST_F(OperationsTest, GcmRefuses) {
  ASSERT_EQ(machine.load(20, pattern(32, 1), SECURITY_FOR_GCM), SECURITY_OK);
  ASSERT_EQ(machine.load(21, pattern(33, 1), SECURITY_FOR_GCM), SECURITY_OK);
  ASSERT_EQ(machine.load(22, pattern(32, 1), SECURITY_PURPOSES & ~SECURITY_FOR_GCM), SECURITY_OK);
  for (const security_operation operation : {SECURITY_GCM_SEAL, SECURITY_GCM_OPEN}) {
    const security_descriptor good = gcm_descriptor(20, 100, operation);
    const auto bad = SECURITY_BAD_DESCRIPTOR;
    expect(good, bad, "no IV", [](auto& d) { d.second_size = 0; });
    expect(good, bad, "IV", [](auto& d) { d.second_size = 129; });
    for (const unsigned size : {0, 3, 5, 7, 9, 11, 17}) expect(good, bad, "tag", [=](auto& d) { d.tag_size = size; });
    expect(good, bad, "too much", [](auto& d) { d.source_size = d.destination_size = SECURITY_MOST_BYTES + 1; });
    expect(good, bad, "too much", [](auto& d) { d.first_size = SECURITY_MOST_BYTES + 1; });
    expect(good, bad, "destination too small", [](auto& d) { d.destination_size = 99; });
    expect(good, bad, "overlap", [](auto& d) { d.destination = d.source + 1; });
    expect(good, SECURITY_BAD_KEY, "33 bytes", [](auto& d) { d.key_slot = 21; });
    expect(good, SECURITY_NOT_PERMITTED, "purpose", [](auto& d) { d.key_slot = 22; });
    expect(good, SECURITY_BAD_SLOT, "slot", [](auto& d) { d.key_slot = 23; });
    for (auto field : {&security_descriptor::source, &security_descriptor::first, &security_descriptor::second,
                       &security_descriptor::tag, &security_descriptor::destination})
      expect(good, SECURITY_BUS_ERROR, "address", [=](auto& d) { d.*field = Machine::kNowhere; });
  }
  machine.put(Places::kDestination, Bytes(100, 0x5a));
  expect(gcm_descriptor(20, 100), SECURITY_BUS_ERROR, "tag", [](auto& d) { d.tag = Machine::kNowhere; });
  EXPECT_EQ(machine.at(kDestination, 100), Bytes(100, 0x5a));
  expect(gcm_descriptor(20, 0), SECURITY_OK, "nothing but additional data");
}

TEST_F(OperationsTest, HashAndHmacRefuse) {
  ASSERT_EQ(machine.load(20, pattern(5, 1), SECURITY_FOR_HMAC), SECURITY_OK);
  ASSERT_EQ(machine.load(21, pattern(5, 1), SECURITY_PURPOSES & ~SECURITY_FOR_HMAC), SECURITY_OK);
  const auto bad = SECURITY_BAD_DESCRIPTOR;
  for (const security_descriptor& good : {hash_descriptor(100), hmac_descriptor(20, 100)}) {
    for (const unsigned algorithm : {0, 7, 255})
      expect(good, bad, "algorithm", [=](auto& d) { d.algorithm = static_cast<std::uint8_t>(algorithm); });
    expect(good, bad, "too much", [](auto& d) { d.source_size = SECURITY_MOST_BYTES + 1; });
    expect(good, SECURITY_BUS_ERROR, "source", [](auto& d) { d.source = Machine::kNowhere; });
    expect(good, SECURITY_BUS_ERROR, "source", [](auto& d) { d.source = Machine::kRam + Machine::kRamSize - 99; });
    expect_destination_checks(good, 32);
    expect(good, SECURITY_OK, "the most", [](auto& d) { d.source_size = SECURITY_MOST_BYTES; });
  }
  expect(hash_descriptor(1), bad, "no room", [](auto& d) { d.destination_size = 31; });
  expect(hmac_descriptor(20, 1), bad, "more than a digest", [](auto& d) { d.destination_size = 33; });
  expect(hmac_descriptor(20, 1), bad, "nothing", [](auto& d) { d.destination_size = 0; });
  expect(hmac_descriptor(21, 1), SECURITY_NOT_PERMITTED, "purpose");
  expect(hmac_descriptor(22, 1), SECURITY_BAD_SLOT, "slot");
}

TEST_F(OperationsTest, HmacOfRfc4231IsCutToSize) {
  ASSERT_EQ(machine.load(20, Bytes(20, 0x0c), SECURITY_FOR_HMAC), SECURITY_OK);
  const std::string message = "Test With Truncation";  // test case 5
  machine.put(Places::kSource, Bytes(message.begin(), message.end()));
  security_descriptor descriptor = hmac_descriptor(20, 20);
  descriptor.destination_size = 16;
  ASSERT_EQ(machine.run(descriptor), SECURITY_OK);
  EXPECT_EQ(machine.at(kDestination, 17), from_hex("a3b6167473100ee06e0c796c2955552b00"));
}

TEST_F(OperationsTest, RandomRefuses) {
  expect(random_descriptor(SECURITY_MOST_BYTES + 1), SECURITY_BAD_DESCRIPTOR, "too much");
  expect(random_descriptor(0), SECURITY_OK, "nothing");
  expect_destination_checks(random_descriptor(64), 64);
  expect(random_descriptor(SECURITY_MOST_BYTES), SECURITY_OK, "the most");
}

TEST_F(OperationsTest, ExtendsMeasurements) {
  const Bytes one = pattern(48, 1), two = pattern(48, 2);
  machine.put(Places::kSource, one);
  expect(extend_descriptor(7), SECURITY_OK, "first");
  machine.put(Places::kSource, two);
  expect(extend_descriptor(7), SECURITY_OK, "second");
  Bytes expected(48);
  for (const Bytes& digest : {one, two}) {
    expected.insert(expected.end(), digest.begin(), digest.end());
    Bytes next(48);
    ASSERT_EQ(EVP_Digest(expected.data(), expected.size(), next.data(), nullptr, EVP_sha384(), nullptr), 1);
    expected = next;
  }
  const Measurement measured = machine.engine.measurement(7);
  EXPECT_EQ(Bytes(measured.begin(), measured.end()), expected);
  for (unsigned word = 0; word < 12; ++word) {
    std::uint32_t value = 0;
    std::memcpy(&value, &expected[4 * word], 4);
    EXPECT_EQ(machine.get(offset::MEASUREMENT + 4 * (7 * 12 + word)), value);
    EXPECT_EQ(machine.get(offset::MEASUREMENT + 4 * (6 * 12 + word)), 0u);
  }
  expect(extend_descriptor(8), SECURITY_BAD_DESCRIPTOR, "no such register");
  expect(extend_descriptor(7), SECURITY_BAD_DESCRIPTOR, "size", [](auto& d) { d.source_size = 47; });
  expect(extend_descriptor(7), SECURITY_BUS_ERROR, "source", [](auto& d) { d.source = Machine::kNowhere; });
  const Measurement after = machine.engine.measurement(7);
  EXPECT_EQ(after, measured);
  machine.set(offset::MEASUREMENT + 4 * 84, 0);  // read-only
  EXPECT_EQ(machine.engine.measurement(7), measured);
}

TEST_F(OperationsTest, WorksWithMemoryWithoutDirectAccess) {
  ASSERT_EQ(machine.load(20, pattern(64, 1), SECURITY_FOR_XTS), SECURITY_OK);
  const Bytes plain = pattern(12288, 2);
  machine.put(Places::kSource, plain);
  expect(xts_descriptor(20, 12288, 4096), SECURITY_OK, "direct");
  const Bytes sealed = machine.at(kDestination, 12288);
  const std::uint64_t place = Machine::kSlow + 1000;  // across pages
  expect(xts_descriptor(20, 12288, 4096), SECURITY_OK, "to", [=](auto& d) { d.destination = place; });
  EXPECT_EQ(Bytes(machine.slow.bytes.begin() + 1000, machine.slow.bytes.begin() + 13288), sealed);
  machine.put(Places::kDestination, Bytes(12288));
  expect(xts_descriptor(20, 12288, 4096), SECURITY_OK, "from", [=](auto& d) {
    d.operation = SECURITY_XTS_DECRYPT;
    d.source = place;
  });
  EXPECT_EQ(machine.at(kDestination, 12288), plain);
  EXPECT_GT(machine.slow.writes, 0u);
  EXPECT_GT(machine.slow.reads, 0u);

  // Over its end: nothing is written to it.
  const std::uint64_t writes = machine.slow.writes;
  expect(xts_descriptor(20, 12288, 4096), SECURITY_BUS_ERROR, "over the end",
         [](auto& d) { d.destination = Machine::kSlow + Machine::kSlowSize - 12287; });
  EXPECT_EQ(machine.slow.writes, writes);
}

TEST_F(OperationsTest, ForgetsDirectAccessThatIsTakenBack) {
  machine.slow.direct = true;
  machine.slow.bytes[0] = 1;
  expect(hash_descriptor(16), SECURITY_OK, "direct", [](auto& d) { d.source = Machine::kSlow; });
  expect(random_descriptor(16), SECURITY_OK, "direct", [](auto& d) { d.destination = Machine::kSlow; });
  EXPECT_EQ(machine.slow.reads + machine.slow.writes, 0u);
  machine.slow.direct = false;
  machine.slow.socket->invalidate_direct_mem_ptr(0, Machine::kSlowSize - 1);
  expect(hash_descriptor(16), SECURITY_OK, "not direct", [](auto& d) { d.source = Machine::kSlow; });
  expect(random_descriptor(16), SECURITY_OK, "not direct", [](auto& d) { d.destination = Machine::kSlow; });
  EXPECT_EQ(machine.slow.reads, 1u);
  EXPECT_EQ(machine.slow.writes, 1u);
}

TEST_F(OperationsTest, MayWriteItsOwnRegisters) {
  const auto to = [&](std::uint32_t at, std::uint32_t size) {
    expect(random_descriptor(size), SECURITY_OK, "own registers",
           [=](auto& d) { d.destination = Machine::kRegisters + at; });
  };
  for (int i = 0; i < 50; ++i) {
    to(offset::EXECUTE, 8);  // busy
    to(offset::SLOT_DESTROY, 4);
    to(offset::OWNER_DESTROY, 4);
    to(offset::INTERRUPT_ENABLE, 4);
    to(offset::RING_SIZE, 4);
    to(offset::RING_CONTROL, 4);
    to(offset::RING_TAIL, 4);
    to(offset::RING_SIZE, 8);
    to(offset::RING_TAIL, 8);
  }
}

}  // namespace
}  // namespace cardvp::security
