// What the fuses' life cycle means for debuggers, at a whole card: no way in, whatever code brings one.
#include <gtest/gtest.h>

#include "models/arm/gdb/gdb_server.h"
#include "platform/machine.h"
#include "test/unit/platform/temporary_folder.h"

namespace cardvp {
namespace {

struct Nosy final : arm::Debugger {
  void halted(arm::DebugPort&, const arm::Halt&) override { ++halts; }
  bool wants_halt(arm::DebugPort&) override { return true; }
  int halts = 0;
};

struct DebugLock : testing::TestWithParam<int> {
  platform::CardConfig config() {
    platform::CardConfig card;
    card.rom = folder.file("rom.bin", std::string("\0\0\0\x14", 4));  // b .
    card.fuses.life_cycle = static_cast<std::uint8_t>(GetParam());
    card.cluster.cores = 2;
    return card;
  }
  std::vector<arm::DebugPort*> ports() {
    std::vector<arm::DebugPort*> all;
    for (arm::Core* const core : machine.card().cluster().cores()) all.push_back(&core->debug_port());
    return all;
  }
  // One attempt on each way.
  void attach_to_core() { machine.card().cluster().core(1).attach(&nosy); }
  void serve() { arm::gdb::GdbServer({0, false}, ports(), {}); }
  void run() { machine.run_for(sc_core::sc_time(20, sc_core::SC_US)); }
  std::uint64_t refusals() { return machine.sim().stats.counter("card.alarms.debug_refused", "").value(); }

  TemporaryFolder folder;
  platform::Machine machine{1, config(), {}, {}};
  Nosy nosy;
};

struct LockedCard : DebugLock {};
TEST_P(LockedCard, RefusesEveryDebuggerWithAnAlarm) {
  EXPECT_THROW(attach_to_core(), arm::DebugRefused);
  EXPECT_THROW(serve(), arm::DebugRefused);
  EXPECT_EQ(refusals(), 2u);
  run();
  machine.card().reset();  // the lock is the fuses', which a reset does not change
  EXPECT_THROW(attach_to_core(), arm::DebugRefused);
  run();
  EXPECT_EQ(refusals(), 3u);
  EXPECT_EQ(nosy.halts, 0);
  EXPECT_GT(machine.card().cluster().instructions(), 0u);
}
INSTANTIATE_TEST_SUITE_P(, LockedCard, testing::Values(int{memory::kProduction}, int{memory::kReturned}));

struct OpenCard : DebugLock {};
TEST_P(OpenCard, LetsDebuggersIn) {
  EXPECT_NO_THROW(serve());
  attach_to_core();
  run();
  EXPECT_GT(nosy.halts, 0);
  EXPECT_EQ(refusals(), 0u);
}
INSTANTIATE_TEST_SUITE_P(, OpenCard, testing::Values(int{memory::kDevelopment}));

}  // namespace
}  // namespace cardvp
