// MSI-X through eventfds, as QEMU binds, drops and binds them anew.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "test/unit/vfio_user/served.h"

namespace cardvp::host::vfio_user::test {
namespace {

constexpr std::uint32_t kBind = 0x24, kNone = 0x21, kBool = 0x22;

struct Interrupt : Served {
  void SetUp() override {
    Served::SetUp();
    connect(client);
    enable();
  }
  // QEMU's way: Enable in configuration space, MSI-X on without an eventfd.
  void switch_on() {
    set_config(kMsix + 2, 0xc000, 2);
    EXPECT_EQ(set_irqs(0, kNone, 0, 0), 0u);
    EXPECT_EQ(set_irqs(2, kBind, 0, 1), 0u);
    set_config(kMsix + 2, 0x8000, 2);
  }
  void fire(unsigned vector) {
    functions[0]->interrupt(vector);
    steps(2);  // it comes, and is delivered at the next look
  }
  File first = event(), second = event();
};

TEST_F(Interrupt, AVectorSignalsItsEventfd) {
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&first}), 0u);
  EXPECT_EQ(set_irqs(2, kBind, kVectors - 1, 1, {&second}), 0u);
  fire(0);
  EXPECT_EQ(events(first), 1u);
  EXPECT_EQ(events(second), 0u);
  fire(kVectors - 1);
  fire(kVectors - 1);
  EXPECT_EQ(events(first), 0u);
  EXPECT_EQ(events(second), 2u);
  EXPECT_EQ(count("vfio_user.fn0.interrupts"), 3u);
}

TEST_F(Interrupt, AVectorWithoutAnEventfdIsPendingUntilItHasOne) {
  switch_on();
  fire(0);
  fire(1);
  EXPECT_EQ(read(0, kPending, 8), 3u);
  EXPECT_EQ(read(0, kPending, 1), 3u);
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&first}), 0u);
  EXPECT_EQ(events(first), 1u);
  EXPECT_EQ(read(0, kPending, 8), 2u);
  EXPECT_EQ(set_irqs(2, kBind, 1, 1, {&second}), 0u);
  EXPECT_EQ(events(second), 1u);
  EXPECT_EQ(read(0, kPending, 8), 0u);
}

// "No resize" clients drop every vector to add one.
TEST_F(Interrupt, WhatFiresWhileAllAreDroppedIsNotLost) {
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&first}), 0u);
  EXPECT_EQ(set_irqs(2, kNone, 0, 0), 0u);
  fire(0);
  EXPECT_EQ(events(first), 0u);
  const File again = event();
  EXPECT_EQ(set_irqs(2, kBind, 0, 2, {&again, &second}), 0u);
  EXPECT_EQ(events(again), 1u);
  EXPECT_EQ(events(second), 0u);
  fire(0);
  EXPECT_EQ(events(again), 1u);
  EXPECT_EQ(events(first), 0u);
}

TEST_F(Interrupt, WhatFiresWhileMsixIsOffIsLost) {
  fire(0);
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&first}), 0u);
  EXPECT_EQ(events(first), 0u);
  EXPECT_EQ(set_irqs(2, kNone, 0, 0), 0u);
  set_config(kMsix + 2, 0, 2);
  fire(0);
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&first}), 0u);
  EXPECT_EQ(events(first), 0u);
  EXPECT_EQ(count("vfio_user.fn0.interrupts_dropped"), 2u);
}

TEST_F(Interrupt, AnEventfdIsReplacedAndUnbound) {
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 3, 1, {&first}), 0u);
  EXPECT_EQ(set_irqs(2, kBind, 3, 1, {&second}), 0u);
  fire(3);
  EXPECT_EQ(events(first), 0u);
  EXPECT_EQ(events(second), 1u);
  EXPECT_EQ(set_irqs(2, kBind, 3, 1), 0u);
  fire(3);
  EXPECT_EQ(events(second), 0u);
}

TEST_F(Interrupt, TheClientTriggersThem) {
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 0, 2, {&first, &second}), 0u);
  EXPECT_EQ(set_irqs(2, kNone, 1, 1), 0u);
  EXPECT_EQ(events(first), 0u);
  EXPECT_EQ(events(second), 1u);
  EXPECT_EQ(error_of(kSetIrqs, Bytes().u32(20).u32(kBool).u32(2).u32(0).u32(2).fill(1, 1).fill(1, 0)), 0u);
  EXPECT_EQ(events(first), 1u);
  EXPECT_EQ(events(second), 0u);
}

TEST_F(Interrupt, ArriveBehindTheDataTheyTellOf) {
  const File ram = memory_file(1 << 20);
  EXPECT_EQ(map(0, 1 << 20, &ram), 0u);
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&first}), 0u);
  const std::uint64_t entry = 0x1234;
  functions[0]->post(0x100, std::as_bytes(std::span(&entry, 1)));
  functions[0]->interrupt(0);
  bool seen = false;
  for (unsigned i = 0; i < 200 && !seen; ++i) {
    step({10, sc_core::SC_NS});
    seen = events(first) > 0;
    std::uint64_t there = 0;
    ASSERT_EQ(::pread(ram.get(), &there, sizeof there, 0x100), 8);
    EXPECT_TRUE(!seen || there == 0x1234u);
  }
  EXPECT_TRUE(seen);
}

TEST_F(Interrupt, WaitForWritesThatTheClientStillDoes) {
  EXPECT_EQ(map(0, 1 << 20, nullptr), 0u);
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&first}), 0u);
  dma_write(0x100, 1);
  dma_write(0x200, 2);
  fire(0);
  dma_write(0x300, 3);
  fire(0);
  const Received one = demand(client), two = demand(client), three = demand(client);
  client.answer(two, Bytes().u64(0x200).u64(8));
  steps(3);
  EXPECT_EQ(events(first), 0u);  // the first write may not be done
  client.answer(one, Bytes().u64(0x100).u64(8));
  steps(3);
  EXPECT_EQ(events(first), 1u);
  client.answer(three, Bytes().u64(0x300).u64(8));
  steps(3);
  EXPECT_EQ(events(first), 1u);
  fire(0);
  EXPECT_EQ(events(first), 1u);
}

TEST_F(Interrupt, WithoutBusMasteringTheyWait) {
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&first}), 0u);
  set_config(4, 2, 2);
  fire(0);
  EXPECT_EQ(events(first), 0u);
  enable();
  steps(2);
  EXPECT_EQ(events(first), 1u);
}

// Linux restores MSI-X after a function-level reset by configuration space alone: QEMU binds nothing anew.
TEST_F(Interrupt, WorkAfterAFunctionLevelReset) {
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&first}), 0u);
  set_config(kExpress + 8, 0xa810, 2);
  EXPECT_EQ(events(first), 0u);
  enable();
  set_config(kMsix + 2, 0x8000, 2);
  fire(0);
  EXPECT_EQ(events(first), 1u);
}

TEST_F(Interrupt, NothingIsPendingAfterAReset) {
  switch_on();
  fire(0);
  EXPECT_EQ(error_of(kReset, Bytes()), 0u);
  switch_on();
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&first}), 0u);
  EXPECT_EQ(events(first), 0u);
}

TEST_F(Interrupt, RequestsThatAreRefused) {
  const auto wrong = [&](std::uint32_t index, std::uint32_t flags, std::uint32_t start, std::uint32_t number,
                         const std::vector<const File*>& files = {}) {
    EXPECT_EQ(set_irqs(index, flags, start, number, files), 22u) << index << ' ' << flags << ' ' << start;
  };
  wrong(2, kBind, 0, 2, {&first});           // one is missing
  wrong(2, kBind, 0, 1, {&first, &second});  // or too many
  wrong(2, kBind, kVectors, 1, {&first});    // beyond the last
  wrong(2, kBind, kVectors - 1, 2, {&first, &second});
  wrong(2, kBind, ~0u, 1, {&first});
  wrong(2, kBind, 1, ~0u, {&first});
  wrong(2, kBind, 0, 0);
  wrong(2, kBind, 0, 0, {&first});
  wrong(2, kNone, 0, 1, {&first});
  wrong(2, kNone, kVectors + 1, 0);
  wrong(2, 0x04, 0, 1, {&first});  // no action
  wrong(2, 0x20, 0, 1);            // no kind of data
  wrong(2, 0x27, 0, 1, {&first});
  wrong(2, 0x0c, 0, 1, {&first});  // masks are not the server's
  wrong(2, 0x11, 0, 1);
  wrong(0, kBind, 0, 1, {&first});  // there is no INTx,
  wrong(0, 0x11, 0, 1);
  wrong(1, kBind, 0, 1, {&first});  // no MSI
  wrong(3, kBind, 0, 1, {&first});
  wrong(5, kNone, 0, 0);
  EXPECT_EQ(error_of(kSetIrqs, Bytes().u32(20).u32(kBool).u32(2).u32(0).u32(2).fill(1)), 22u);
  EXPECT_EQ(error_of(kSetIrqs, Bytes().u32(19).u32(kNone).u32(2).u32(0).u32(0)), 22u);
  EXPECT_EQ(error_of(kSetIrqs, Bytes().u32(20)), 22u);
  for (const std::uint32_t index : {0u, 1u, 2u, 3u, 4u}) EXPECT_EQ(set_irqs(index, kNone, 0, 0), 0u);
}

TEST_F(Interrupt, DescriptorsThatAreNoEventfd) {
  switch_on();
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const File out(ends[0]), in(ends[1]), memory = memory_file(4096);
  for (const File* file : {&out, &in, &memory}) EXPECT_EQ(set_irqs(2, kBind, 0, 1, {file}), 22u);
  EXPECT_EQ(set_irqs(2, kBind, 0, 2, {&first, &memory}), 22u);
  fire(0);
  EXPECT_EQ(events(first), 0u);  // neither was bound
}

// A counter that is full would block whoever adds to it.
TEST_F(Interrupt, AnEventfdThatIsFullDoesNotBlock) {
  switch_on();
  const File full(::eventfd(0, EFD_CLOEXEC));
  const std::uint64_t most = ~0ull - 1;
  ASSERT_EQ(::write(full.get(), &most, sizeof most), 8);
  EXPECT_EQ(set_irqs(2, kBind, 0, 1, {&full}), 0u);
  fire(0);
  EXPECT_EQ(config(0, 4), kId);
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
