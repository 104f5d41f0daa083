// The core on a bus: time, interrupts, devices, and what it says when it is stuck.
#include "models/arm/core.h"

#include <gtest/gtest.h>

#include "test/unit/arm/machine.h"

namespace cardvp::arm {
namespace {

using sc_core::sc_time;
sc_time ns(double value) { return {value, sc_core::SC_NS}; }

// Instruction words that several tests use.
constexpr std::uint32_t kWfi = 0xd503207f, kSelf = 0x14000000, kNop = 0xd503201f,
                        kUnmask = 0xd50342ff,  // msr daifclr, #2
    kMask = 0xd50342df,                        // msr daifset, #2
    kReadCount = 0xd53be020,                   // mrs x0, cntpct_el0
    kDeviceBase = 0xd2a12001,                  // mov x1, #0x09000000
    kStoreDevice = 0xb9000020,                 // str w0, [x1]
    kLoadDevice = 0xb9400020,                  // ldr w0, [x1]
    kStoreResult = 0xf9000040,                 // str x0, [x2]
    kBackOne = 0x17ffffff;
// x2 = TestMachine::kResult; three instructions
#define RESULT_ADDRESS 0xd2a801e2u /* mov x2, #0x400f0000 */, 0xf29e0002u /* movk x2, #0xf000 */

TEST(Core, IsHeldUntilItsFirstReset) {
  TestMachine machine;
  machine.load({kNop, kSelf});
  machine.run_for(100);
  EXPECT_EQ(machine.core.instructions(), 0u);
}

TEST(Core, ExecutesOneInstructionACycle) {
  CoreConfig config;
  config.frequency_hz = 500e6;
  config.picojoules_per_instruction = 3;
  config.static_watts = 2;
  TestMachine machine(config);
  machine.load(
      {0xd2807d00 /* mov x0, #1000 */, 0xf1000400 /* subs x0, x0, #1 */, 0x54ffffe1 /* b.ne .-4 */, kMask, kWfi});
  machine.core.reset();
  sc_core::sc_start();
  EXPECT_EQ(machine.core.instructions(), 1 + 2000 + 2u);
  EXPECT_EQ(sc_core::sc_time_stamp(), ns(2003 * 2));
  EXPECT_EQ(machine.sim.stats.counter("core.instructions", "").value(), 2003u);
  EXPECT_NEAR(machine.sim.energy.meter("core").dynamic_joules(), 2003 * 3e-12, 1e-20);
  EXPECT_DOUBLE_EQ(machine.sim.energy.meter("core").static_joules(10), 20);
}

TEST(Core, AccessesDevicesAtItsOwnTime) {
  TestMachine machine;
  machine.bus.device_value = 0xabcd;
  machine.load({kDeviceBase, kLoadDevice, kStoreDevice, kLoadDevice, kWfi});
  machine.run();
  ASSERT_EQ(machine.bus.accesses.size(), 3u);
  EXPECT_EQ(machine.bus.accesses[0].at, ns(1));
  EXPECT_EQ(machine.bus.accesses[1].at, ns(102));
  EXPECT_EQ(machine.bus.accesses[1].value, 0xabcdu);
  EXPECT_EQ(machine.bus.accesses[1].size, 4u);
  EXPECT_EQ(machine.bus.accesses[2].at, ns(203));
  EXPECT_EQ(sc_core::sc_time_stamp(), ns(305));  // five instructions and three accesses
}

TEST(Core, DoesNotRunAheadFurtherThanItsQuantum) {
  TestMachine machine;
  machine.load({kDeviceBase, kLoadDevice, kBackOne});
  sc_time furthest;
  machine.bus.on_access = [&](const TestBus::Access& access) {
    furthest = std::max(furthest, access.at - sc_core::sc_time_stamp());
  };
  machine.core.reset();
  machine.run_for(100'000);
  EXPECT_LE(furthest, ns(5000));
  EXPECT_GT(furthest, ns(4000));
}

TEST(Core, SleepsInWfiTillTheExactTimeOfTheTimer) {
  TestMachine machine;
  machine.core.physical_timer.connect([&](bool level) { machine.core.set_irq(level); });
  machine.load({
      0xd2803e80,  // mov x0, #500
      0xd51be200,  // msr cntp_tval_el0, x0
      0xd2800020,  // mov x0, #1
      0xd51be220,  // msr cntp_ctl_el0, x0
      kWfi,        // masked: wakes all the same, and goes on
      kReadCount,
      RESULT_ADDRESS,
      kStoreResult,
      0xd51be23f,  // msr cntp_ctl_el0, xzr
      kWfi,
  });
  machine.core.reset();
  machine.run_for(7999);
  EXPECT_EQ(machine.core.instructions(), 5u);
  EXPECT_EQ(machine.core.stuck(), "");  // the timer will come
  const std::uint64_t activations = machine.sim.scheduler.activations();
  EXPECT_LT(activations, 5u);
  sc_core::sc_start();
  EXPECT_EQ(machine.result(), 500u);  // at 8000 ns sharp: 16 ns each
  EXPECT_EQ(sc_core::sc_time_stamp(), ns(8000 + 6));
  EXPECT_FALSE(machine.core.physical_timer.level());
  EXPECT_NE(machine.core.stuck().find("WFI with interrupts masked at 0x"), std::string::npos);
}

// An IRQ vector of EL1 at 0x40001280 and of EL3 at 0x40000a80: both store x0 and wait.
void load_vectors(TestMachine& machine, std::uint64_t offset) {
  machine.load(
      {0x10000003 /* adr x3, . */, RESULT_ADDRESS, kStoreResult, 0xf9000443 /* str x3, [x2, #8] */, kWfi, kSelf},
      offset);
}

// EL3 code that routes IRQ to EL3 and unmasks it, then counts in x0.
constexpr std::uint32_t kSetUpVector3 = 0x10004001 /* adr x1, .+0x800 */;

TEST(Core, TakesAnInterruptThatItsOwnAccessRaisesAtTheNextInstruction) {
  TestMachine machine;
  machine.load({kSetUpVector3, 0xd51ec001 /* msr vbar_el3, x1 */, 0xd2808641 /* mov x1, #0x432 */,
                0xd51e1101 /* msr scr_el3, x1 */, kUnmask, kDeviceBase, 0xd2800000 /* mov x0, #0 */, kStoreDevice,
                0x91000400 /* add x0, x0, #1 */, kBackOne});
  load_vectors(machine, 0x800 + 0x280);
  machine.bus.on_access = [&](const TestBus::Access&) { machine.core.set_irq(true); };
  machine.core.reset();
  machine.run_for(2000);
  EXPECT_EQ(machine.result(), 0u);  // not one instruction behind the store
  EXPECT_EQ(machine.result(1), TestBus::kRam + 0xa80);
}

TEST(Core, TakesAPendingInterruptRightBehindTheUnmasking) {
  TestMachine machine;
  machine.load({kSetUpVector3, 0xd51ec001 /* msr vbar_el3, x1 */, 0xd2808641 /* mov x1, #0x432 */,
                0xd51e1101 /* msr scr_el3, x1 */, 0xd2800000 /* mov x0, #0 */, kUnmask, 0x91000400 /* add x0, x0, #1 */,
                kBackOne});
  load_vectors(machine, 0x800 + 0x280);
  machine.core.reset();
  machine.core.set_irq(true);
  machine.run_for(2000);
  EXPECT_EQ(machine.result(), 0u);
  EXPECT_EQ(machine.result(1), TestBus::kRam + 0xa80);
}

TEST(Core, TakesAPendingInterruptRightBehindAnExceptionReturn) {
  TestMachine machine;
  machine.load({
      0x10008001,  // adr x1, .+0x1000
      0xd518c001,  // msr vbar_el1, x1
      0x100001a1,  // adr x1, .+52
      0xd51e4021,  // msr elr_el3, x1
      0xd28008a1,  // mov x1, #0x45: EL1h, F masked
      0xd51e4001,  // msr spsr_el3, x1
      0xd2800000,  // mov x0, #0
      0xd69f03e0,  // eret
  });
  machine.load({0x91000400 /* add x0, x0, #1 */, kBackOne}, 8 + 52);
  load_vectors(machine, 0x1000 + 0x280);
  machine.core.reset();
  machine.core.set_irq(true);
  machine.run_for(2000);
  EXPECT_EQ(machine.result(), 0u);
  EXPECT_EQ(machine.result(1), TestBus::kRam + 0x1280);
}

TEST(Core, TakesTheTimersInterruptInTheMiddleOfALoopAtItsTime) {
  TestMachine machine;
  machine.core.virtual_timer.connect([&](bool level) { machine.core.set_irq(level); });
  machine.load({kSetUpVector3, 0xd51ec001 /* msr vbar_el3, x1 */, 0xd2808641 /* mov x1, #0x432 */,
                0xd51e1101 /* msr scr_el3, x1 */, kUnmask, 0xd2801900 /* mov x0, #200 */,
                0xd51be300 /* msr cntv_tval_el0, x0 */, 0xd2800020 /* mov x0, #1 */,
                0xd51be320 /* msr cntv_ctl_el0, x0 */, 0xd2800000 /* mov x0, #0 */, 0x91000400 /* add x0, x0, #1 */,
                kBackOne});
  load_vectors(machine, 0x800 + 0x280);
  machine.core.reset();
  machine.run_for(10'000);
  EXPECT_EQ(machine.result(), (3200 - 10 + 1) / 2u);  // ten instructions, then one addition in two until 3200 ns
}

TEST(Core, TakesNoInterruptThatIsRoutedToALowerLevel) {
  TestMachine machine;
  machine.load({kUnmask, 0xd2800000, 0x91000400 /* add x0, x0, #1 */, kBackOne});  // SCR_EL3.IRQ is 0
  machine.core.reset();
  machine.core.set_irq(true);
  machine.run_for(1000);
  EXPECT_GT(machine.core.instructions(), 900u);
}

TEST(Core, ResetStartsAgainWhereverItWas) {
  TestMachine machine;
  machine.load({RESULT_ADDRESS, 0xf9400040 /* ldr x0, [x2] */, 0x91000400 /* add x0, x0, #1 */, kStoreResult, kWfi});
  machine.run();
  machine.run();
  EXPECT_EQ(machine.result(), 2u);
  // In the middle of a quantum, and from a device it is just writing to
  machine.load({kDeviceBase, RESULT_ADDRESS, 0xf9400040, 0x91000400, kStoreResult, kStoreDevice, kWfi});
  int resets = 0;
  machine.bus.on_access = [&](const TestBus::Access&) {
    if (resets++ == 0) machine.core.reset();
  };
  machine.run();
  EXPECT_EQ(machine.result(), 4u);
  EXPECT_EQ(resets, 2);
}

TEST(Core, ReadsMemoryAfreshWhenDmiIsWithdrawn) {
  TestMachine machine;
  machine.load({RESULT_ADDRESS, 0xf9400040 /* ldr x0, [x2] */, kDeviceBase, kStoreDevice, 0xf9400040,
                0xf9000440 /* str x0, [x2, #8] */, kWfi});
  std::vector<std::uint8_t> elsewhere;
  machine.bus.on_access = [&](const TestBus::Access&) {
    // The memory moves to another place in the host, with another value.
    elsewhere = machine.bus.ram;
    elsewhere[TestMachine::kResult - TestBus::kRam] = 0x42;
    machine.bus.ram.swap(elsewhere);
    machine.bus.socket->invalidate_direct_mem_ptr(0, ~0ull);
  };
  machine.run();
  EXPECT_EQ(machine.result(1), 0x42u);
}

TEST(Core, SaysWhenItCannotGoOn) {
  TestMachine machine;
  machine.load({0x00000000});  // undefined, and so is its vector at 0x200, with VBAR_EL3 = 0: nothing is there
  machine.run();
  EXPECT_EQ(machine.core.stuck(), "exception loop at 0x200");
  EXPECT_NE(machine.core.describe().find("ESR 86000010"), std::string::npos);
  EXPECT_LT(machine.core.instructions(), 2000u);
  machine.core.set_irq(true);  // nothing wakes it but reset
  sc_core::sc_start();
  machine.load({kWfi, kSelf});
  machine.core.set_irq(false);
  machine.run();
  EXPECT_EQ(machine.core.stuck(), "WFI with interrupts masked at 0x40000000");
}

TEST(Core, WfeWaitsForAnEventAndLosesNone) {
  TestMachine machine;
  machine.load({0xd503209f /* sev */, 0xd503205f /* wfe: goes on */, 0x91000400, 0xd503205f /* wfe: waits */,
                0x91000400, RESULT_ADDRESS, kStoreResult, kWfi});
  machine.run();
  EXPECT_EQ(machine.core.instructions(), 4u);
  EXPECT_EQ(machine.core.stuck(), "WFE with interrupts masked at 0x4000000c");
  machine.core.set_irq(true);
  sc_core::sc_start();
  EXPECT_EQ(machine.result(), 2u);
}

TEST(Core, TheEventStreamEndsAWfeAtItsExactTime) {
  CoreConfig config;
  config.timer_hz = 100'000'000;
  config.entry.level = 1;
  TestMachine machine(config);
  // CNTKCTL_EL1: EVNTEN, EVNTI 4: bit 4 of the counter rises at counts of 16, 48, ...
  machine.load({0xd2800880 /* mov x0, #0x44 */, 0xd518e100 /* msr cntkctl_el1, x0 */, 0xd503205f, RESULT_ADDRESS,
                0xd53be040 /* mrs x0, cntvct_el0 */, kStoreResult, kMask, kWfi});
  machine.core.reset();
  machine.run_for(10'000);
  EXPECT_EQ(machine.result(), 16u);
}

TEST(Core, AnEventStreamThatIsOffEndsNothing) {
  CoreConfig config;
  config.entry.level = 1;
  TestMachine machine(config);
  machine.load({0xd2800800 /* mov x0, #0x40 */, 0xd518e100, 0xd503205f, RESULT_ADDRESS, kStoreResult, kWfi});
  machine.core.reset();
  machine.run_for(10'000'000);
  EXPECT_EQ(machine.core.instructions(), 3u);
}

// A lock's loop: LDXR, WFE. Nobody else runs, so the reservation is lost at the end of each quantum, which is an event.
TEST(Core, WaitingForAReservationTakesAQuantumEachTime) {
  TestMachine machine;
  machine.load({0xd2a801e1 /* mov x1, #0x400f0000 */, 0xd503201f, 0xc85f7c20 /* ldxr x0, [x1] */, 0xd503205f,
                0x17fffffe /* b .-8 */});
  machine.core.reset();
  machine.run_for(50'000);
  EXPECT_GE(machine.core.instructions(), 2 + 10 * 3u);
  EXPECT_LE(machine.core.instructions(), 2 + 11 * 6u);
}

class CoreEntry : public testing::TestWithParam<unsigned> {};

TEST_P(CoreEntry, LevelsAboveAreNotThere) {
  CoreConfig config;
  config.entry = {.level = GetParam(), .arguments = {0x1234}};
  TestMachine machine(config);
  machine.load({RESULT_ADDRESS, kStoreResult,                          // x0, as given
                0xd5384240 /* mrs x0, CurrentEL */, 0xf9000440,        // str x0, [x2, #8]
                0xd5380400 /* mrs x0, id_aa64pfr0_el1 */, 0xf9000840,  // str x0, [x2, #16]
                kMask, kWfi});
  machine.run();
  EXPECT_EQ(machine.result(0), 0x1234u);
  EXPECT_EQ(machine.result(1), GetParam() << 2);
  const std::uint64_t levels[] = {0x0011, 0x0111, 0x1111};
  EXPECT_EQ(machine.result(2) & 0xffff, levels[GetParam() - 1]);
}

INSTANTIATE_TEST_SUITE_P(Levels, CoreEntry, testing::Values(1u, 2u, 3u));

}  // namespace
}  // namespace cardvp::arm
