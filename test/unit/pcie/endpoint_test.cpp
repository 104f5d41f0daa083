#include "models/pcie/endpoint.h"

#include "test/unit/pcie/harness.h"

namespace cardvp::pcie {
namespace {

using sc_core::sc_start;

constexpr std::uint64_t kControl = 0x000, kStatus = 0x004, kFunctions = 0x008;
constexpr std::uint64_t page(unsigned function) { return (function + 1) * 0x1000; }

struct EndpointTest : Harness {
  EndpointTest() {
    add(0);
    add(1);
    add(6);
  }
  Seen& log(std::size_t index) { return clients[index]->log; }
  void place(std::uint8_t function, std::uint64_t bar0, std::uint64_t bar2) {
    set_bar(function, 0, bar0);
    set_bar(function, 2, bar2);
    set_bar(function, 4, 0x8000000000 + function * (8ull << 30));
    set_command(function, kMemory);
  }
};

TEST_F(EndpointTest, RegistersTellLinkAndFunctions) {
  EXPECT_EQ(core_read(kStatus), 16u << 8 | 4u << 4);
  EXPECT_EQ(core_read(kFunctions) & 0xffff, 256u);
  EXPECT_EQ(core_read(page(0) + 4), 1u);
  EXPECT_EQ(core_read(page(6) + 4), 1u);
  EXPECT_EQ(core_read(page(2) + 4), 0u);
  EXPECT_EQ(core_read(page(255) + 4), 0u);
  core_write(page(2), 1);
  EXPECT_EQ(core_read(page(2)), 0u);
  std::uint32_t value = 0;
  EXPECT_EQ(core_access(false, page(256), value), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(core_access(false, page(0) + 0x800, value), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(core_access(true, page(2) + 0x800, value), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  bring_up();
  set_command(0, kMemory);
  set_command(6, kMaster);
  EXPECT_EQ(core_read(page(0) + 4), 3u);
  EXPECT_EQ(core_read(page(6) + 4), 5u);
  EXPECT_EQ(core_read(kStatus) & 1, 1u);
}

TEST_F(EndpointTest, LinkComesUpWhenTheCoreSaidSo) {
  core_write(kControl, 1, us(5));  // 5 us ahead, and 10 ns for the access
  sc_start(us(15) + ns(10));
  EXPECT_FALSE(link.up());  // due at the end of these: runs next
  sc_start(ns(1));
  EXPECT_TRUE(link.up());
}

TEST_F(EndpointTest, EveryChangeOfACoreThatIsAheadHappens) {
  bring_up();
  core_write(kControl, 1);
  sc_start(ns(100));
  host.link_changes.clear();
  const unsigned resets = clients[0]->resets;
  core_write(kControl, 0, us(1));
  core_write(kControl, 1, us(2));
  EXPECT_TRUE(link.up());
  sc_start(us(1) + ns(11));
  EXPECT_FALSE(link.up());
  sc_start();
  EXPECT_TRUE(link.up());
  EXPECT_EQ(host.link_changes, (std::vector<bool>{false, true}));
  EXPECT_EQ(clients[0]->resets, resets + 1);
}

TEST_F(EndpointTest, ConfigurationReachesPresentFunctionsOnly) {
  link.enable(true);
  core_write(page(0) + 8, 0x12341d0f);
  core_write(page(0), 1);
  core_write(page(2), 1);  // no hardware
  sc_start(us(11));
  EXPECT_EQ(endpoint.config_read(3, 0, 0, 4).status, Completion::kSuccess);
  EXPECT_EQ(config_read(0, 0), 0x12341d0fu);
  for (std::uint8_t function : {1, 2, 6, 255}) {
    EXPECT_EQ(endpoint.config_read(3, function, 0, 4).status, Completion::kUnsupportedRequest);
    EXPECT_EQ(endpoint.config_write(3, function, 4, 2, 6), Completion::kUnsupportedRequest);
    EXPECT_EQ(config_read(function, 0), ~0u);
  }
}

TEST_F(EndpointTest, RemovalResetsTheFunctionWhenTheCoreSaidSo) {
  bring_up();
  core_write(page(1), 1);
  sc_start(ns(100));
  place(1, 0x80000000, 0x90000000);
  const unsigned resets = clients[1]->resets;
  core_write(page(1), 0, us(1));
  core_write(page(1), 1, us(2));
  EXPECT_TRUE(functions[1]->present());
  EXPECT_EQ(endpoint.memory_read(0x80000000, 4).status, Completion::kSuccess);
  sc_start(us(1.5));
  EXPECT_FALSE(functions[1]->present());
  EXPECT_EQ(clients[1]->resets, resets + 1);
  EXPECT_EQ(endpoint.memory_read(0x80000000, 4).status, Completion::kUnsupportedRequest);
  EXPECT_EQ(config_read(1, 0), ~0u);
  sc_start(us(1));
  EXPECT_TRUE(functions[1]->present());
  EXPECT_EQ(config_read(1, 0x10), 0x4u);
  EXPECT_EQ(config_read(1, 0x04, 2), 0u);
}

TEST_F(EndpointTest, TheHostIsToldOfFunctionsThatComeAndGo) {
  functions[0]->set_present(true);
  link.enable(true);
  sc_start(us(11));
  EXPECT_TRUE(host.presence_changes.empty());  // it looks for itself when the link comes up
  core_write(page(6), 1);
  sc_start(us(1));
  const sc_core::sc_time begun = sim.scheduler.now();
  functions[2]->post(0x1000, bytes_of(7u));  // not a bus master: nothing
  functions[2]->set_present(false);
  functions[2]->set_present(true);
  functions[0]->set_present(false);
  functions[0]->set_present(false);  // no change
  sc_start(us(1));
  ASSERT_EQ(host.presence_changes.size(), 4u);
  const auto seen = [this](std::size_t index, std::uint8_t function, bool present) {
    EXPECT_EQ(host.presence_changes[index].function, function);
    EXPECT_EQ(host.presence_changes[index].present, present);
  };
  seen(0, 6, true);
  seen(1, 6, false);
  seen(2, 6, true);
  seen(3, 0, false);
  EXPECT_GT(host.presence_changes[1].time, begun + link.config().latency);
  EXPECT_GT(host.presence_changes[2].time, host.presence_changes[1].time);
  functions[2]->set_present(false);
  const std::uint64_t dropped = count("link.dropped");
  link.enable(false);  // the message with it
  sc_start(us(1));
  EXPECT_EQ(host.presence_changes.size(), 4u);
  EXPECT_EQ(count("link.dropped"), dropped + 1);
  link.enable(true);
  sc_start(us(11));
  functions[2]->set_present(true);
  sc_start(us(1));
  ASSERT_EQ(host.presence_changes.size(), 5u);
  seen(4, 6, true);
}

TEST_F(EndpointTest, WhatWasPostedArrivesAheadOfTheRemoval) {
  bring_up();
  set_command(0, kMaster);
  for (std::uint32_t i = 0; i < 8; ++i) functions[0]->post(0x1000 + i * 4, bytes_of(i));
  functions[0]->set_present(false);
  EXPECT_FALSE(functions[0]->post(0x2000, bytes_of(9u)));
  sc_start(us(1));
  ASSERT_EQ(host.writes.size(), 8u);
  ASSERT_EQ(host.presence_changes.size(), 1u);
  EXPECT_GT(host.presence_changes[0].time, host.writes.back().time);
}

TEST_F(EndpointTest, CardResetTakesTheLinkAndTheFunctionsAway) {
  core_write(kControl, 1);
  core_write(page(0), 1);
  core_write(page(0) + 8, 0x12341d0f);
  sc_start(us(11));
  ASSERT_TRUE(link.up());
  core_write(page(1), 1, us(5));  // not yet done
  endpoint.reset();
  EXPECT_FALSE(link.up());
  EXPECT_EQ(host.link_changes, (std::vector<bool>{true, false}));
  sc_start();
  EXPECT_FALSE(functions[0]->present());
  EXPECT_FALSE(functions[1]->present());
  EXPECT_EQ(core_read(kControl), 0u);
  EXPECT_EQ(core_read(page(0)), 0u);
  EXPECT_EQ(core_read(page(0) + 8), ~0u);
  core_write(kControl, 1);
  sc_start();
  EXPECT_TRUE(link.up());
}

TEST_F(EndpointTest, AccessesGoToTheFunctionThatClaimsThem) {
  bring_up();
  place(0, 0x80000000, 0x90000000);
  place(1, 0x80004000, 0x90100000);
  place(6, 0x80008000, 0x90200000);
  for (unsigned round = 0; round < 2; ++round) {
    endpoint.memory_read(0x80001ffc, 4);
    endpoint.memory_read(0x80004000, 4);
    endpoint.memory_read(0x80008010, 8);
    endpoint.memory_read(0x902ffff8, 8);
  }
  EXPECT_EQ(log(0), (Seen{"read 0 8188 4", "read 0 8188 4"}));
  EXPECT_EQ(log(1), (Seen{"read 0 0 4", "read 0 0 4"}));
  EXPECT_EQ(log(2), (Seen{"read 0 16 8", "read 2 1048568 8", "read 0 16 8", "read 2 1048568 8"}));
  EXPECT_EQ(endpoint.memory_read(0x8000c000, 4).status, Completion::kUnsupportedRequest);
  EXPECT_EQ(endpoint.memory_read(0x7ffffffc, 4).status, Completion::kUnsupportedRequest);
}

TEST_F(EndpointTest, BarsThatMoveAreFollowedAtOnce) {
  bring_up();
  place(0, 0x80000000, 0x90000000);
  endpoint.memory_read(0x80000000, 4);
  set_bar(0, 0, 0xa0000000);
  EXPECT_EQ(endpoint.memory_read(0x80000000, 4).status, Completion::kUnsupportedRequest);
  EXPECT_EQ(endpoint.memory_read(0xa0000004, 4).status, Completion::kSuccess);
  EXPECT_EQ(log(0), (Seen{"read 0 0 4", "read 0 4 4"}));
}

TEST_F(EndpointTest, OverlapsGoToTheLowestFunctionWhateverWasHitBefore) {
  bring_up();
  place(6, 0x90010000, 0xb0000000);  // its BAR 0 within function 1's BAR 2
  endpoint.memory_read(0x90010000, 4);
  EXPECT_EQ(log(2).size(), 1u);
  place(1, 0x80000000, 0x90000000);
  endpoint.memory_read(0x90010000, 4);
  EXPECT_EQ(log(1), (Seen{"read 2 65536 4"}));
  EXPECT_EQ(log(2).size(), 1u);
  place(0, 0x90010000, 0xc0000000);  // and function 0's at the same place
  endpoint.memory_read(0x90010000, 4);
  endpoint.memory_read(0x9000fffc, 4);
  endpoint.memory_read(0x90014000, 4);
  endpoint.memory_read(0x90010004, 4);
  EXPECT_EQ(log(0), (Seen{"read 0 0 4", "read 0 4 4"}));
  EXPECT_EQ(log(1), (Seen{"read 2 65536 4", "read 2 65532 4", "read 2 81920 4"}));
  set_command(0, 0);
  endpoint.memory_read(0x90010008, 4);
  EXPECT_EQ(log(1).back(), "read 2 65544 4");
  set_command(1, 0);
  endpoint.memory_read(0x90010008, 4);
  EXPECT_EQ(log(2).back(), "read 0 8 4");
}

TEST_F(EndpointTest, OverlapsWithinAFunctionGoToTheLowestBar) {
  bring_up();
  place(0, 0x90000000, 0x90000000);
  endpoint.memory_read(0x90000000, 4);
  endpoint.memory_read(0x90004000, 4);
  set_bar(0, 0, ~0ull);
  set_bar(0, 2, ~0ull);
  set_bar(0, 4, ~0ull);  // all at the top
  endpoint.memory_read(~0ull, 1);
  endpoint.memory_read(~0ull - 0x4000, 1);
  endpoint.memory_read(~0ull - 0x100000, 1);
  EXPECT_EQ(log(0),
            (Seen{"read 0 0 4", "read 2 16384 4", "read 0 16383 1", "read 2 1032191 1", "read 4 8588886015 1"}));
  EXPECT_EQ(endpoint.memory_read(0, 1).status, Completion::kUnsupportedRequest);
}

TEST_F(EndpointTest, RequestsAcrossTheLinkAreServedInOrder) {
  bring_up();
  place(0, 0x80000000, 0x90000000);
  link.memory_write(0x80001000, bytes_of(5u));
  const ReadResult result = await(link.memory_read(0x80000000, 8));
  EXPECT_EQ(result.status, Completion::kSuccess);
  EXPECT_EQ(result.value, 0x1122334455667788u);
  EXPECT_EQ(log(0), (Seen{"write 0 4096 4", "read 0 0 8"}));
  EXPECT_EQ(await(link.config_read(3, 2, 0, 4)).status, Completion::kUnsupportedRequest);
  EXPECT_EQ(await(link.config_write(9, 0, 0x04, 2, 0)), Completion::kSuccess);
  EXPECT_EQ(functions[0]->requester(), 0x900);
  EXPECT_EQ(await(link.memory_read(0x80000000, 8)).status, Completion::kUnsupportedRequest);
}

}  // namespace
}  // namespace cardvp::pcie
