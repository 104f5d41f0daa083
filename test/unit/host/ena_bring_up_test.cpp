// The ENA driver's way to traffic (docs/nic.md), against a device that expects what it says.
#include <array>

#include <fmt/format.h>

#include "test/unit/host/ena_machine.h"

namespace cardvp::host {
namespace {

using Placement = ena::DriverConfig::Placement;

struct EnaBringUp : EnaMachine {};

TEST_F(EnaBringUp, StartsReadlessInTheOrderOfTheInterface) {
  make();
  start_well();
  EXPECT_TRUE(driver->running());
  EXPECT_TRUE(driver->info().readless);
  EXPECT_TRUE(driver->info().llq);
  EXPECT_EQ(driver->info().queues, 4u);
  EXPECT_EQ(driver->info().mac.text(), "02:00:00:00:00:07");
  EXPECT_EQ(driver->info().speed_mbit, 100000u);
  EXPECT_EQ(driver->info().max_mtu, 9216u);
  EXPECT_EQ(device->reset_reasons, std::vector<unsigned>{0});
  EXPECT_EQ(device->read_ids.front(), 1);

  const auto gets = opcodes_of(8), sets = opcodes_of(9);
  EXPECT_EQ(gets, (std::vector<unsigned>{1, 7, 11, 3, 26, 4, 20, 27, 12, 10, 18}));
  EXPECT_EQ(sets, (std::vector<unsigned>{28, 26, 4, 12, 10, 18, 14}));
  EXPECT_EQ(device->admin.front().feature, 28u);

  // Every TX pair before the first RX one, a CQ before its SQ.
  std::vector<unsigned> creations;
  for (const auto& command : device->admin)
    if (command.opcode == 1 || command.opcode == 3) creations.push_back(command.opcode);
  EXPECT_EQ(creations, (std::vector<unsigned>{3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1}));
  for (unsigned queue = 0; queue < 4; ++queue) EXPECT_EQ(device->buffers_posted(queue), 1023u);
  EXPECT_EQ(device->rss_table.size(), 128u);
  EXPECT_EQ(device->rss_table[5], 1);
  ASSERT_GE(device->unmasks.size(), 4u);
}

TEST_F(EnaBringUp, ReadsRegistersDirectlyFromAnOddRevision) {
  make({}, {.device = 0xec21, .revision = 1});
  start_well();
  EXPECT_FALSE(driver->info().readless);
  EXPECT_TRUE(device->read_ids.empty());
}

TEST_F(EnaBringUp, EveryDeviceIdIsServedAndNoOther) {
  for (const std::uint16_t id : {0xec20, 0xec21, 0x0ec2, 0x1ec2, 0x0051}) {
    PciFunction other = [&] {
      if (!device) make();
      return *function;
    }();
    other.device = id;
    const ena::Error error = result(driver->start(other));
    EXPECT_FALSE(error) << error.text;
    EXPECT_FALSE(result(driver->stop()));
  }
  PciFunction stranger = *function;
  stranger.device = 0x8061;
  EXPECT_NE(result(driver->start(stranger)).text.find("not an ENA function"), std::string::npos);
}

TEST_F(EnaBringUp, StopDestroysQueuesInOrderAndSaysWhy) {
  make_and_start();
  device->admin.clear();
  const ena::Error error = result(driver->stop());
  EXPECT_FALSE(error) << error.text;
  std::vector<unsigned> opcodes;
  for (const auto& command : device->admin) opcodes.push_back(command.opcode);
  EXPECT_EQ(opcodes, (std::vector<unsigned>{2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4, 2, 4}));
  EXPECT_EQ(device->reset_reasons, (std::vector<unsigned>{0, 11}));
  EXPECT_FALSE(driver->running());
  EXPECT_FALSE(driver->carrier());
  start_well();
}

struct Caps {
  std::uint32_t value;
  bool good;
  friend std::ostream& operator<<(std::ostream& out, const Caps& caps) { return out << std::hex << caps.value; }
};
struct EnaCaps : EnaMachine, testing::WithParamInterface<Caps> {};
// Reset timeout in 5:1 (31), width in 15:8.
INSTANTIATE_TEST_SUITE_P(, EnaCaps,
                         testing::Values(Caps{0x3001, false}, Caps{0x1f3f, false}, Caps{0x313f, false},
                                         Caps{0x203f, true}, Caps{0x303f, true}, Caps{0x1303f, true}));
TEST_P(EnaCaps, AreChecked) {
  make();
  device->caps = GetParam().value;
  const ena::Error error = start();
  EXPECT_EQ(static_cast<bool>(error), !GetParam().good) << error.text;
  EXPECT_EQ(driver->running(), GetParam().good);
  if (GetParam().good) return;
  device->caps = 0x303f;
  start_well();
}

TEST_F(EnaBringUp, RefusesControllersBefore001) {
  make();
  device->controller_version = 0x01000000;
  EXPECT_NE(start().text.find("older than 0.0.1"), std::string::npos);
  device->controller_version = 0xff000001;  // the implementation does not matter
  start_well();
}

TEST_F(EnaBringUp, FailsWithoutHangingOnADeviceThatIsNotThere) {
  make();
  device->answers_reads = false;
  const sc_core::sc_time before = sim.scheduler.now();
  EXPECT_NE(start().text.find("does not answer"), std::string::npos);
  EXPECT_LT((sim.scheduler.now() - before).to_seconds(), 0.21);  // 200 ms a read
  device->answers_reads = true;
  device->ready = false;
  EXPECT_NE(start().text.find("not ready"), std::string::npos);
  device->ready = true;
  device->begins_reset = false;
  EXPECT_NE(start().text.find("did not begin"), std::string::npos);
}

TEST_F(EnaBringUp, FailsWhenAResetDoesNotEnd) {
  make();
  device->ends_reset = false;
  const sc_core::sc_time before = sim.scheduler.now();
  EXPECT_NE(start().text.find("did not end"), std::string::npos);
  EXPECT_GE((sim.scheduler.now() - before).to_seconds(), 3.1);
  EXPECT_LT((sim.scheduler.now() - before).to_seconds(), 3.2);
}

TEST_F(EnaBringUp, TakesLimitsFromTheLegacyFeatureIfItIsTheOnlyOne) {
  make();
  device->features &= ~(1u << 7);
  device->queues = 2;
  start_well();
  EXPECT_EQ(commands(8, 2), 1u);
  EXPECT_EQ(commands(8, 7), 0u);
  EXPECT_EQ(driver->info().queues, 2u);
}

TEST_F(EnaBringUp, PrefersTheExtendedLimits) {
  make();
  device->features &= ~(1u << 2);
  start_well();
  EXPECT_EQ(commands(8, 2), 0u);
  EXPECT_EQ(commands(8, 7), 1u);
}

// Optional features, alone and together: 3 hints, 4 LLQ, 10 / 12 / 18 RSS, 14 MTU, 20 moderation, 27 link.
struct EnaWithout : EnaMachine, testing::WithParamInterface<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(, EnaWithout,
                         testing::Values(1u << 3, 1u << 4, 1u << 10, 1u << 18, 1u << 10 | 1u << 18,
                                         1u << 10 | 1u << 12 | 1u << 18, 1u << 14, 1u << 20, 1u << 27,
                                         1u << 3 | 1u << 4 | 1u << 10 | 1u << 12 | 1u << 14 | 1u << 18 | 1u << 20 |
                                             1u << 27));
TEST_P(EnaWithout, ComesUpAndAsksForNothingThatIsNotOffered) {
  make();
  device->features &= ~GetParam();
  start_well();
  for (unsigned id = 0; id < 32; ++id) {
    if (!(GetParam() >> id & 1)) continue;
    EXPECT_EQ(commands(8, id) + commands(9, id), 0u) << "feature " << id;
  }
  EXPECT_EQ(driver->info().llq, !(GetParam() & 1u << 4));
  EXPECT_TRUE(send({.frame = bytes(60)}));
  pass(1);
  EXPECT_EQ(device->sent.size(), 1u);
}

// All that a device may offer: the hash function (10) and its input (18) only together with the indirection table (12).
TEST_F(EnaBringUp, EveryCombinationOfOptionalFeatures) {
  constexpr auto bit = [](unsigned id) { return std::uint32_t{1} << id; };
  constexpr std::array kRss{0u, bit(12), bit(10) | bit(12), bit(12) | bit(18), bit(10) | bit(12) | bit(18)};
  constexpr std::array kOptional{3u, 4u, 10u, 12u, 18u, 20u, 27u};
  make();
  std::uint32_t needed = device->features;
  for (const unsigned id : kOptional) needed &= ~bit(id);
  for (unsigned others = 0; others < 16; ++others)
    for (const std::uint32_t rss : kRss) {
      device->features = needed | rss | (others & 3) << 3 | (others & 4 ? bit(20) : 0) | (others & 8 ? bit(27) : 0);
      SCOPED_TRACE(fmt::format("features {:#x}", device->features));
      device->admin.clear();
      device->sent.clear();
      received.clear();
      ASSERT_NO_FATAL_FAILURE(start_well());
      for (const unsigned id : kOptional)
        EXPECT_EQ(commands(8, id) + commands(9, id) > 0, (device->features & bit(id)) != 0) << "feature " << id;
      EXPECT_TRUE(send({.frame = bytes(60)}));
      EXPECT_TRUE(device->deliver(bytes(61)));
      pass(1);
      EXPECT_EQ(device->sent.size(), 1u);
      EXPECT_EQ(received.size(), 1u);
      const ena::Error error = result(driver->stop());
      ASSERT_FALSE(error) << error.text;
    }
}

// Offered, but the device says that it cannot (status 3).
struct EnaUnsupported : EnaMachine, testing::WithParamInterface<unsigned> {};
INSTANTIATE_TEST_SUITE_P(, EnaUnsupported, testing::Values(3, 4, 10, 12, 14, 18, 20, 27, 28));
TEST_P(EnaUnsupported, IsNoFailure) {
  make();
  device->on_admin = [](unsigned opcode, unsigned feature) {
    return (opcode == 8 || opcode == 9) && feature == GetParam() ? std::optional(3u) : std::nullopt;
  };
  start_well();
}

struct EnaRefused : EnaMachine, testing::WithParamInterface<unsigned> {};
INSTANTIATE_TEST_SUITE_P(, EnaRefused, testing::Values(1, 3, 4, 7, 11, 20, 26));
TEST_P(EnaRefused, EndsTheStart) {
  make();
  device->on_admin = [](unsigned, unsigned feature) {
    return feature == GetParam() ? std::optional(5u) : std::nullopt;
  };
  const ena::Error error = start();
  EXPECT_NE(error.text.find("status 5"), std::string::npos) << error.text;
  EXPECT_EQ(device->reset_reasons.back(), 7u);  // init error
  EXPECT_EQ(device->live_queues(), 0u);
  device->on_admin = nullptr;
  start_well();
}

TEST_F(EnaBringUp, HostAttributesAndMtuMayBeRefused) {
  make();
  device->on_admin = [](unsigned opcode, unsigned feature) {
    return opcode == 9 && (feature == 28 || feature == 14) ? std::optional(5u) : std::nullopt;
  };
  start_well();
}

TEST_F(EnaBringUp, HalvesRingsForWantOfResources) {
  make();
  unsigned refusals = 3;
  device->on_admin = [&](unsigned opcode, unsigned) -> std::optional<unsigned> {
    if (opcode != 1 || refusals == 0) return std::nullopt;
    return --refusals == 2 || refusals == 1 ? std::optional(1u) : std::nullopt;
  };
  start_well();
  EXPECT_EQ(driver->info().tx_entries, 256u);
  EXPECT_EQ(driver->info().rx_entries, 256u);
  EXPECT_EQ(device->depth_of(true, 0), 256u);
  EXPECT_EQ(device->live_queues(), 8u);
}

TEST_F(EnaBringUp, GivesUpBelow256Entries) {
  make();
  device->on_admin = [](unsigned opcode, unsigned) { return opcode == 1 ? std::optional(1u) : std::nullopt; };
  EXPECT_NE(start().text.find("CREATE_SQ"), std::string::npos);
}

TEST_F(EnaBringUp, UsesAsManyQueuesAsThereAreVectors) {
  make({.queues = 8}, {.vectors = 3});
  device->queues = 32;
  start_well();
  EXPECT_EQ(driver->info().queues, 2u);
}

TEST_F(EnaBringUp, RefusesAnRssTableOfAnotherSize) {
  make();
  device->rss_log2 = 6;
  EXPECT_NE(start().text.find("RSS table"), std::string::npos);
}

TEST_F(EnaBringUp, StaysInHostMemoryWithoutBar2) {
  make({}, {.llq_bar = false});
  start_well();
  EXPECT_FALSE(driver->info().llq);
  EXPECT_EQ(commands(9, 4), 1u);
}

TEST_F(EnaBringUp, SaysWhenDeviceMemoryIsWantedAndNotThere) {
  make({.placement = Placement::kDeviceMemory});
  device->llqs = 0;
  EXPECT_NE(start().text.find("no device memory"), std::string::npos);
  device->llqs = 4;
  device->llq_sizes = 2;  // 192 bytes: another size than the usual one
  start_well();
  EXPECT_EQ(driver->info().llq_entry_bytes, 192u);
}

TEST_F(EnaBringUp, WritesModerationDelaysInUnitsOfTheDevice) {
  make({.tx_delay_us = 64, .rx_delay_us = 20});
  device->resolution = 4;
  start_well();
  EXPECT_EQ(device->unmasks.front(), 1u << 30 | 16u << 15 | 5u);
}

TEST_F(EnaBringUp, LeavesDelaysAloneWithoutModeration) {
  make({.tx_delay_us = 64, .rx_delay_us = 20});
  device->features &= ~(1u << 20);
  start_well();
  EXPECT_EQ(device->unmasks.front(), 1u << 30);
}

TEST_F(EnaBringUp, ManyAdminCommandsWrapTheRings) {
  make_and_start();
  for (unsigned n = 0; n < 100; ++n) {
    const ena::Error error = result(driver->set_mtu(1000 + n));
    ASSERT_FALSE(error) << error.text;
  }
  EXPECT_EQ(driver->config().mtu, 1099u);
  EXPECT_TRUE(result(driver->set_mtu(127)));
  EXPECT_TRUE(result(driver->set_mtu(9217)));
}

TEST_F(EnaBringUp, ManagementCommands) {
  make();
  device->capabilities = 1;
  start_well();
  const auto eni = result(driver->eni_statistics());
  ASSERT_TRUE(eni);
  EXPECT_EQ(eni->bandwidth_in, 100u);
  EXPECT_EQ(eni->link_local, 104u);
  std::vector<unsigned> table(128, 3);
  const ena::Error error = result(driver->set_rss_table(table));
  ASSERT_FALSE(error) << error.text;
  EXPECT_EQ(device->rss_table, std::vector<std::uint16_t>(128, 3));
  table[5] = 4;
  EXPECT_TRUE(result(driver->set_rss_table(table)));
}

}  // namespace
}  // namespace cardvp::host
