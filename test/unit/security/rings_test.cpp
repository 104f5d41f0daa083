// Descriptor rings: order, limits, errors, cancelling.
#include <random>

#include "test/unit/security/descriptors.h"

namespace cardvp::security {
namespace {

using Machine = SecurityMachine;
using sc_core::SC_NS;
using sc_core::sc_time;

constexpr std::uint64_t kRing = Machine::kRam + Places::kRings;

struct RingsTest : testing::Test {
  Machine machine;
  explicit RingsTest(const EngineConfig& config = {}) : machine(config) {}

  static std::uint32_t reg(std::uint32_t at, unsigned ring) { return at + 0x20 * ring; }
  void start(std::uint64_t base, unsigned entries, unsigned ring = 0) {
    machine.set(reg(offset::RING_CONTROL, ring), 0);
    machine.set(reg(offset::RING_BASE, ring), base, 8);
    machine.set(reg(offset::RING_SIZE, ring), entries);
    machine.set(reg(offset::RING_CONTROL, ring), 1);
  }
  void place(unsigned index, security_descriptor descriptor, std::uint64_t base = kRing) {
    descriptor.status = SECURITY_PENDING;
    machine.put(base - Machine::kRam + index * sizeof descriptor,
                {reinterpret_cast<const std::uint8_t*>(&descriptor), sizeof descriptor});
  }
  std::uint32_t status(unsigned index, std::uint64_t base = kRing) {
    security_descriptor descriptor;
    std::memcpy(&descriptor, machine.at(base + index * sizeof descriptor, sizeof descriptor).data(), sizeof descriptor);
    return descriptor.status;
  }
  void tail(unsigned index, unsigned ring = 0) { machine.set(reg(offset::RING_TAIL, ring), index); }
  std::uint64_t head(unsigned ring = 0) { return machine.get(reg(offset::RING_HEAD, ring)); }
  std::uint64_t error(unsigned ring = 0) { return machine.get(reg(offset::RING_STATUS, ring)); }
};

// Two lanes; a microsecond each, and a byte a nanosecond.
struct TwoLanesTest : RingsTest {
  static EngineConfig config() {
    EngineConfig made;
    made.lanes = 2;
    made.cipher = made.hash = made.random = {sc_time(1, sc_core::SC_US), 1'000'000'000, 5.0, 0.5};
    return made;
  }
  TwoLanesTest() : RingsTest(config()) {}
};

TEST_F(RingsTest, GoesAroundInOrder) {
  Batch batch(machine, 3, 5);
  for (int run = 0; run < 3; ++run) {
    for (unsigned i = 0; i < 23; ++i) {
      security_descriptor descriptor = hash_descriptor(i);
      descriptor.destination = kDestination;  // the last one's stays
      batch.add(descriptor);
    }
    batch.run();
    for (unsigned i = 0; i < 23; ++i) EXPECT_EQ(batch.status(i), SECURITY_OK);
    const Bytes by_ring = machine.at(kDestination, 32);
    security_descriptor alone = hash_descriptor(22);
    alone.destination = kFirst;
    machine.run(alone);
    EXPECT_EQ(machine.at(kFirst, 32), by_ring);
  }
  EXPECT_EQ(machine.counter("operations.hash"), 72u);
  EXPECT_EQ(head(3), 69u % 5);
}

TEST_F(TwoLanesTest, LanesWorkAtATimeAndEndInOrder) {
  start(kRing, 8);
  place(0, random_descriptor(1000));
  place(1, random_descriptor(1));
  place(2, random_descriptor(1));
  place(3, random_descriptor(500));
  const sc_time fetched = sc_core::sc_time_stamp() + sc_time(15 + 15, SC_NS);  // the doorbell's access, the fetch
  tail(4);
  const auto ends = [&](double ns, std::uint64_t expected) {
    sc_core::sc_start(fetched + sc_time(ns, SC_NS) - sc_core::sc_time_stamp());
    EXPECT_EQ(head(), expected - 1);
    EXPECT_EQ(status(static_cast<unsigned>(expected - 1)), SECURITY_PENDING);
    sc_core::sc_start(sc_time(1, sc_core::SC_PS));
    return head();
  };
  // The second has its lane to itself, and waits for the first to end. Then two more are fetched at once; one lane has
  // been free for a microsecond.
  sc_core::sc_start(fetched + sc_time(2000, SC_NS) - sc_core::sc_time_stamp());
  EXPECT_EQ(head(), 0u);
  sc_core::sc_start(sc_time(1, sc_core::SC_PS));
  EXPECT_EQ(head(), 2u);
  EXPECT_EQ(ends(2000 + 15 + 1001, 3), 3u);
  EXPECT_EQ(ends(2000 + 15 + 1500, 4), 4u);
  EXPECT_EQ(machine.counter("bytes", "bytes"), 1502u);
  EXPECT_DOUBLE_EQ(machine.sim.energy.meter("engine").dynamic_joules(), (4 * 5.0 + 1502 * 0.5) * 1e-12);
}

TEST_F(TwoLanesTest, AllWhoUseTheEngineShareItsLanes) {
  const sc_time now = sc_core::sc_time_stamp();
  const sc_time us(1, sc_core::SC_US);
  EXPECT_EQ(machine.engine.reserve(4000, now), now + 5 * us);
  EXPECT_EQ(machine.engine.reserve(0, now + 3 * us), now + 4 * us);
  EXPECT_EQ(machine.engine.reserve(1000, now), now + 2 * us);  // the second lane, in front of what is to come
  EXPECT_EQ(machine.counter("volume_bytes", "bytes"), 5000u);
  EXPECT_EQ(machine.counter("volume_operations"), 3u);
  security_descriptor descriptor = random_descriptor(0);
  machine.run(descriptor);
  EXPECT_EQ(sc_core::sc_time_stamp(), now + 3 * us);  // between the two
}

TEST_F(RingsTest, RingsDoNotDisturbEachOther) {
  for (unsigned ring = 0; ring < 4; ++ring) {
    const std::uint64_t base = kRing + ring * Places::kRingBytes;
    start(base, 4, ring);
    place(0, random_descriptor(16), base);
    place(1, random_descriptor(16), base);
  }
  tail(1, 2);
  tail(2, 0);
  sc_core::sc_start();
  EXPECT_EQ(head(0), 2u);
  EXPECT_EQ(head(1), 0u);
  EXPECT_EQ(head(2), 1u);
  EXPECT_EQ(machine.get(offset::INTERRUPT_STATUS), 0b0101u);
  machine.set(reg(offset::RING_CONTROL, 0), 0);
  tail(2, 2);
  tail(1, 0);  // ignored
  sc_core::sc_start();
  EXPECT_EQ(head(2), 2u);
  EXPECT_EQ(error(0), 0u);
}

TEST_F(RingsTest, AFullRingTakesNoMore) {
  for (unsigned i = 0; i < 4; ++i) place(i, random_descriptor(1 << 20));
  start(kRing, 4);
  tail(3);
  sc_core::sc_start(sc_time(100, SC_NS));
  tail(0);  // a fourth one
  sc_core::sc_start();
  EXPECT_EQ(error(), 1u);
  EXPECT_EQ(head(), 3u);  // what was there has ended
  EXPECT_EQ(status(3), SECURITY_PENDING);
  tail(0);
  sc_core::sc_start();
  EXPECT_EQ(head(), 3u);  // it does not go on
  start(kRing, 4);
  EXPECT_EQ(error(), 0u);
  EXPECT_EQ(head(), 0u);
  EXPECT_EQ(machine.get(offset::RING_TAIL), 0u);
  tail(3);
  sc_core::sc_start();
  tail(0);
  sc_core::sc_start();
  EXPECT_EQ(error(), 0u);
  EXPECT_EQ(status(3), SECURITY_OK);
  EXPECT_EQ(head(), 0u);
}

TEST_F(RingsTest, RefusesWhatIsNoRing) {
  const auto starts = [&](std::uint64_t base, unsigned entries) {
    start(base, entries);
    sc_core::sc_start();
    return error() == 0;
  };
  EXPECT_FALSE(starts(kRing + 4, 4));
  EXPECT_FALSE(starts(~0ull - 7, 2));
  EXPECT_FALSE(starts(0xffff'ffff'ffff'f000, 4096));
  for (const unsigned entries : {0u, 1u, 4097u, 0xffffu}) EXPECT_FALSE(starts(kRing, entries)) << entries;
  EXPECT_EQ(machine.get(offset::INTERRUPT_STATUS), 1u);
  tail(1);
  sc_core::sc_start();
  EXPECT_EQ(head(), 0u);
  EXPECT_TRUE(starts(kRing, 2));
  EXPECT_TRUE(starts(kRing, 4096));
  tail(4096);
  sc_core::sc_start();
  EXPECT_EQ(error(), 1u);
  EXPECT_TRUE(starts(kRing + 8, 4));
}

TEST_F(RingsTest, StopsWhereMemoryEnds) {
  machine.set(offset::INTERRUPT_ENABLE, 0xf);
  const std::uint64_t base = Machine::kRam + Machine::kRamSize - 3 * sizeof(security_descriptor) - 64;
  for (unsigned i = 0; i < 3; ++i) place(i, random_descriptor(16), base);
  start(base, 8);
  tail(7);
  sc_core::sc_start();
  EXPECT_EQ(head(), 3u);
  for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(status(i, base), SECURITY_OK);
  EXPECT_EQ(error(), 2u);
  EXPECT_TRUE(machine.engine.interrupt.level());
  for (const std::uint64_t nowhere : {Machine::kNowhere, std::uint64_t{0}, std::uint64_t{0x7fff'ffff'ffff'fff8}}) {
    start(nowhere, 8);
    EXPECT_EQ(error(), 0u);
    tail(1);
    sc_core::sc_start();
    EXPECT_EQ(error(), 2u);
    EXPECT_EQ(head(), 0u);
  }
}

TEST_F(RingsTest, StopsWhereAStatusCannotBeWritten) {
  const security_descriptor descriptor = random_descriptor(16);
  std::memcpy(machine.rom.bytes.data(), &descriptor, sizeof descriptor);
  start(Machine::kRom, 4);
  tail(2);
  sc_core::sc_start();
  EXPECT_EQ(error(), 2u);
  EXPECT_EQ(head(), 0u);
}

TEST_F(RingsTest, WorksInMemoryWithoutDirectAccess) {
  const security_descriptor descriptor = random_descriptor(16);
  for (unsigned i = 0; i < 40; ++i)
    std::memcpy(machine.slow.bytes.data() + 8 + i * sizeof descriptor, &descriptor, sizeof descriptor);
  start(Machine::kSlow + 8, 100);
  tail(40);
  sc_core::sc_start();
  EXPECT_EQ(head(), 40u);
  EXPECT_EQ(error(), 0u);
}

TEST_F(RingsTest, DisablingCancelsWhatIsUnderWay) {
  for (unsigned i = 0; i < 4; ++i) place(i, random_descriptor(1 << 20));
  start(kRing, 8);
  tail(4);
  sc_core::sc_start(sc_time(100, SC_NS));
  machine.set(offset::RING_CONTROL, 0);
  sc_core::sc_start();
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(status(i), SECURITY_PENDING);
  EXPECT_EQ(machine.get(offset::INTERRUPT_STATUS), 0u);
  EXPECT_EQ(machine.counter("operations.random"), 0u);
  machine.set(offset::RING_CONTROL, 1);
  tail(4);
  sc_core::sc_start();
  EXPECT_EQ(head(), 4u);
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(status(i), SECURITY_OK);
}

TEST_F(RingsTest, ResetCancelsWhatIsUnderWay) {
  for (unsigned i = 0; i < 4; ++i) place(i, random_descriptor(1 << 20));
  start(kRing, 8);
  tail(4);
  security_descriptor descriptor = random_descriptor(1 << 20);
  machine.put(0, {reinterpret_cast<const std::uint8_t*>(&descriptor), sizeof descriptor});
  machine.set(offset::EXECUTE, Machine::kRam, 8);
  sc_core::sc_start(sc_time(100, SC_NS));
  machine.engine.reset();
  EXPECT_EQ(machine.get(offset::EXECUTE_STATUS), 0u);
  EXPECT_EQ(machine.get(offset::RING_CONTROL), 0u);
  EXPECT_EQ(machine.get(offset::RING_BASE, 8), 0u);
  sc_core::sc_start();
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(status(i), SECURITY_PENDING);
  EXPECT_EQ(machine.get(offset::INTERRUPT_STATUS), 0u);
}

TEST_F(RingsTest, BaseAndSizeStayWhileEnabled) {
  start(kRing, 8);
  machine.set(offset::RING_BASE, Machine::kNowhere, 8);
  machine.set(offset::RING_SIZE, 2);
  EXPECT_EQ(machine.get(offset::RING_BASE, 8), kRing);
  EXPECT_EQ(machine.get(offset::RING_SIZE), 8u);
  machine.set(offset::RING_CONTROL, 0);
  machine.set(offset::RING_SIZE, 2);
  EXPECT_EQ(machine.get(offset::RING_SIZE), 2u);
}

TEST_F(RingsTest, DoorbellsAreHeardAtTheirTime) {
  for (unsigned i = 0; i < 3; ++i) place(i, random_descriptor(0));
  start(kRing, 8);
  for (const unsigned index : {1u, 2u, 3u}) {
    machine.core.ahead = sc_time(10 * index, sc_core::SC_US);
    tail(index);
  }
  machine.core.ahead = sc_core::SC_ZERO_TIME;
  for (const unsigned done : {0u, 1u, 2u, 3u}) {
    EXPECT_EQ(head(), done);
    sc_core::sc_start(sc_time(done == 0 ? 12 : 10, sc_core::SC_US));
  }
}

// A ring whose descriptors turn the very ring off and on, and destroy what they use.
TEST_F(RingsTest, DescriptorsMayWriteTheRingsOwnRegisters) {
  for (unsigned i = 0; i < 64; ++i) {
    security_descriptor descriptor = random_descriptor(4);
    constexpr std::uint32_t kTargets[] = {offset::RING_CONTROL, offset::RING_TAIL, offset::RING_SIZE,
                                          offset::SLOT_DESTROY, offset::INTERRUPT_STATUS};
    descriptor.destination = Machine::kRegisters + kTargets[i % 5];
    place(i, descriptor);
  }
  for (unsigned round = 0; round < 100; ++round) {
    start(kRing, 64);
    tail(63);
    sc_core::sc_start();
  }
  EXPECT_GT(machine.counter("operations.random"), 100u);
}

// Whatever stands in a descriptor, it ends with a status, and the ring goes on.
TEST_F(RingsTest, AnyDescriptorEnds) {
  std::mt19937 random(4711);
  for (unsigned slot = 16; slot < 24; ++slot)
    ASSERT_EQ(machine.load(slot, pattern(slot % 2 ? 64 : 32, slot), SECURITY_PURPOSES), SECURITY_OK);
  constexpr std::uint64_t kAddresses[] = {kSource,
                                          kDestination,
                                          kFirst + 3,
                                          Machine::kNowhere,
                                          Machine::kRom,
                                          Machine::kSlow + Machine::kSlowSize - 100,
                                          ~0ull,
                                          Machine::kRam + Machine::kRamSize - 4096,
                                          Machine::kRegisters};
  constexpr std::uint32_t kSizes[] = {0, 1, 12, 16, 32, 48, 64, 96, 264, 4096, SECURITY_MOST_BYTES, 0xffffffff};
  const auto address = [&] { return kAddresses[random() % std::size(kAddresses)]; };
  const auto size = [&] { return kSizes[random() % (random() % 8 == 0 ? std::size(kSizes) : std::size(kSizes) - 2)]; };
  Batch batch(machine, 1, 256);
  std::map<std::uint32_t, unsigned> statuses;
  for (unsigned round = 0; round < 100; ++round) {
    for (unsigned i = 0; i < 200; ++i) {
      security_descriptor d{};
      if (i % 10 == 0)
        for (std::size_t byte = 0; byte < sizeof d; ++byte)
          reinterpret_cast<std::uint8_t*>(&d)[byte] = static_cast<std::uint8_t>(random());
      d.operation = static_cast<std::uint8_t>(random() % 18);
      d.algorithm = static_cast<std::uint8_t>(random() % 9);
      d.flags = static_cast<std::uint16_t>(random() % 4);
      d.key_slot = static_cast<std::uint16_t>(random() % 26);
      d.result_slot = static_cast<std::uint16_t>(random() % 40);
      d.source = address(), d.destination = address(), d.first = address(), d.second = address(), d.tag = address();
      d.source_size = size(), d.destination_size = size(), d.first_size = size(), d.second_size = size();
      d.tag_size = random() % 18;
      d.unit_size = random() % 2 ? 512 : 0;
      d.purpose = static_cast<std::uint16_t>(random() % 2048);
      batch.add(d);
    }
    batch.run();
    for (unsigned i = 0; i < 200; ++i) ++statuses[batch.status(i)];
    for (unsigned slot = 24; slot < 40; ++slot) machine.set(offset::SLOT_DESTROY, slot);
  }
  EXPECT_FALSE(statuses.contains(SECURITY_PENDING));
  for (const unsigned status : {SECURITY_OK, SECURITY_BUS_ERROR, SECURITY_BAD_DESCRIPTOR, SECURITY_BAD_SLOT,
                                SECURITY_NOT_PERMITTED, SECURITY_AUTH_FAILED, SECURITY_BAD_KEY})
    EXPECT_GT(statuses[status], 0u) << status;
}

}  // namespace
}  // namespace cardvp::security
