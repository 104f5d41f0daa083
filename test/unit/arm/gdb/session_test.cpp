// Answers to packets, from the GDB manual's "Packets", "Stop Reply Packets" and "General Query Packets".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/arm/gdb/session.h"
#include "models/arm/gdb/target_description.h"
#include "test/unit/arm/gdb/fake_core.h"

namespace cardvp::arm::gdb {
namespace {

using Next = Session::Next;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class SessionTest : public testing::Test {
 protected:
  std::string ask(std::string_view packet) {
    const Session::Answer answer = session_.answer(packet);
    EXPECT_EQ(answer.next, Next::kStay) << packet;
    return answer.replies.empty() ? "none" : answer.replies.back();
  }
  Next next(std::string_view packet) { return session_.answer(packet).next; }
  std::string monitor(std::string_view command) {
    const auto text = from_hex(ask("qRcmd," + to_hex(command)));
    return text ? std::string(reinterpret_cast<const char*>(text->data()), text->size()) : "not hex";
  }

  FakeCore core_{0}, second_{1};
  Monitor monitor_{[] { return sc_core::sc_time(1500, sc_core::SC_NS); }, [] {}};
  Session session_{{&core_, &second_}, core_, monitor_};
};

TEST_F(SessionTest, WhatIsUnknownHasAnEmptyAnswer) {
  for (const char* packet : {"", "!", "vMustReplyEmpty", "qTStatus", "QNonStop:0", "R", "\xff"})
    EXPECT_EQ(ask(packet), "") << packet;
}

TEST_F(SessionTest, SaysWhatItSupports) {
  EXPECT_EQ(ask("qSupported:multiprocess+;swbreak+"),
            "PacketSize=4000;QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+;vContSupported+");
  EXPECT_TRUE(session_.acknowledges());
  EXPECT_EQ(ask("QStartNoAckMode"), "OK");
  EXPECT_FALSE(session_.acknowledges());
}

TEST_F(SessionTest, TheDescriptionComesInPieces) {
  std::string xml;
  for (;;) {
    const std::string piece = ask(fmt::format("qXfer:features:read:target.xml:{:x},400", xml.size()));
    xml += piece.substr(1);
    if (piece.front() == 'l') break;
    ASSERT_EQ(piece.front(), 'm');
    ASSERT_EQ(piece.size(), 0x401u);
  }
  EXPECT_EQ(xml, target_description());
  EXPECT_EQ(ask("qXfer:features:read:target.xml:ffffffff,400"), "E01");
  EXPECT_EQ(ask("qXfer:features:read:other.xml:0,400"), "");
}

TEST_F(SessionTest, RegistersInTheTargetsOrder) {
  core_.file.x[0] = 0x1122334455667788;
  core_.file.x[RegisterFile::kSp] = 0x40001000;
  core_.file.pc = 0x40000004;
  core_.file.v[31] = {1, 2};
  core_.file.fpcr = 0x01000000;
  const std::string all = ask("g");
  ASSERT_EQ(all.size(), 2 * (33 * 8 + 4 + 32 * 16 + 8u));
  EXPECT_THAT(all, StartsWith("8877665544332211"));
  EXPECT_EQ(all.substr(2 * 31 * 8, 40),
            "0010004000000000"
            "0400004000000000"
            "c5030000");
  EXPECT_EQ(all.substr(all.size() - 48),
            "0100000000000000"
            "0200000000000000"
            "00000000"
            "00000001");
  EXPECT_EQ(ask("p20"), "0400004000000000");
  EXPECT_EQ(ask("p21"), "c5030000");
  EXPECT_EQ(ask("p41"), "01000000000000000200000000000000");

  EXPECT_EQ(ask("P1e=0100000000000080"), "OK");
  EXPECT_EQ(core_.file.x[30], 0x8000000000000001);
  EXPECT_EQ(ask("P21=04000060"), "OK");
  EXPECT_EQ(core_.state, 0x60000004u);
  EXPECT_EQ(ask("G" + std::string(all.size(), '1')), "OK");
  EXPECT_EQ(core_.file.pc, 0x1111111111111111u);
  EXPECT_EQ(core_.file.fpcr, 0x11111111u);
}

TEST_F(SessionTest, SystemRegistersFollow) {
  // In the description's order behind fpcr, which is number 67.
  const std::string& xml = target_description();
  unsigned number = 0;
  const std::size_t end = xml.find("name=\"VBAR_EL1\"");
  ASSERT_NE(end, std::string::npos);
  for (std::size_t at = xml.find("<reg "); at < end; at = xml.find("<reg ", at + 1)) ++number;
  --number;
  core_.system[Sys::VBAR_EL1] = 0x40080000;
  EXPECT_EQ(ask(fmt::format("p{:x}", number)), "0000084000000000");
  EXPECT_EQ(ask(fmt::format("P{:x}=0000094000000000", number)), "OK");
  EXPECT_EQ(core_.system[Sys::VBAR_EL1], 0x40090000u);
  EXPECT_EQ(ask("P44=0000000000000000"), "E01");                       // MIDR_EL1 is read-only
  for (const char* name : {"OSLAR_EL1", "NZCV", "CurrentEL", "FPCR"})  // write-only, or parts of cpsr and fpcr
    EXPECT_THAT(xml, Not(HasSubstr(fmt::format("name=\"{}\"", name))));
}

TEST_F(SessionTest, RegistersThatAreNotThere) {
  EXPECT_EQ(ask(fmt::format("p{:x}", register_count())), "E01");
  EXPECT_EQ(ask("pffffffffffffffff"), "E01");
  EXPECT_EQ(ask("p"), "E01");
  EXPECT_EQ(ask("P0=00"), "E01");
  EXPECT_EQ(ask("P0"), "E01");
  EXPECT_EQ(ask("G00"), "E01");
}

TEST_F(SessionTest, Memory) {
  core_.memory[0x10] = 0xab;
  EXPECT_EQ(ask("m40000010,2"), "ab00");
  EXPECT_EQ(ask("M40000020,3:010203"), "OK");
  EXPECT_EQ(core_.memory[0x22], 3);
  EXPECT_EQ(ask(std::string_view("X40000030,2:\x00#", 14)), "OK");
  EXPECT_EQ(core_.memory[0x31], '#');
  EXPECT_EQ(ask("X40000030,0:"), "OK");  // gdb's question whether X is known
  EXPECT_EQ(ask("m0,4"), "E01");
  EXPECT_EQ(ask("m400000fe,4"), "E01");
  EXPECT_EQ(ask("m40000000,ffffffffffffffff"), "E01");
  EXPECT_EQ(ask("M40000000,4:00"), "E01");
  EXPECT_EQ(ask("M0,1:00"), "E01");
  EXPECT_EQ(ask("m"), "E01");
}

TEST_F(SessionTest, CoresAreThreads) {
  second_.is_powered = false;
  EXPECT_EQ(ask("qfThreadInfo"), "m1,2");
  EXPECT_EQ(ask("qsThreadInfo"), "l");
  EXPECT_EQ(ask("qC"), "QC1");
  EXPECT_EQ(ask("qThreadExtraInfo,1"), to_hex(std::string_view("core 0, EL1, running")));
  EXPECT_EQ(ask("qThreadExtraInfo,2"), to_hex(std::string_view("core 1, off")));
  core_.is_sleeping = true;
  EXPECT_EQ(ask("qThreadExtraInfo,1"), to_hex(std::string_view("core 0, EL1, WFI or WFE")));
  EXPECT_EQ(ask("T2"), "OK");
  EXPECT_EQ(ask("T3"), "E01");
  second_.file.x[0] = 0x55;
  EXPECT_EQ(ask("Hg2"), "OK");
  EXPECT_EQ(ask("p0"), "5500000000000000");
  EXPECT_EQ(ask("Hg0"), "OK");
  EXPECT_EQ(ask("Hc-1"), "OK");
  EXPECT_EQ(ask("qC"), "QC2");
  EXPECT_EQ(ask("Hg3"), "E01");
}

TEST_F(SessionTest, ContinueAppliesBreakpoints) {
  EXPECT_EQ(ask("Z0,40000010,4"), "OK");
  EXPECT_EQ(ask("Z1,40000010,4"), "OK");
  EXPECT_EQ(ask("Z2,40000040,8"), "OK");
  EXPECT_EQ(ask("Z3,40000050,1"), "OK");
  EXPECT_EQ(ask("Z4,40000060,2"), "OK");
  EXPECT_EQ(next("vCont;c"), Next::kResume);
  for (const FakeCore* core : {&core_, &second_}) {
    ASSERT_EQ(core->breakpoints.size(), 2u);  // twice the same address does not matter
    EXPECT_EQ(core->breakpoints[0], 0x40000010u);
    ASSERT_EQ(core->watchpoints.size(), 3u);
    EXPECT_EQ(core->watchpoints[0].bytes, 8u);
    EXPECT_TRUE(core->watchpoints[0].on_write && !core->watchpoints[0].on_read);
    EXPECT_TRUE(!core->watchpoints[1].on_write && core->watchpoints[1].on_read);
    EXPECT_TRUE(core->watchpoints[2].on_write && core->watchpoints[2].on_read);
  }
  for (const char* packet : {"z0,40000010,4", "z1,40000010,4", "z2,40000040,8", "z3,40000050,1", "z4,40000060,2"})
    EXPECT_EQ(ask(packet), "OK");
  EXPECT_EQ(next("vCont;c"), Next::kResume);
  EXPECT_THAT(core_.breakpoints, IsEmpty());
  EXPECT_THAT(core_.watchpoints, IsEmpty());
  EXPECT_EQ(core_.steps, 0u);
}

TEST_F(SessionTest, BreakpointsThatCannotBe) {
  EXPECT_EQ(ask("Z5,0,4"), "E01");
  EXPECT_EQ(ask("Z0"), "E01");
  EXPECT_EQ(ask("Z2,0,0"), "E01");
  EXPECT_EQ(ask("Z2,ffffffffffffffff,2"), "E01");
  EXPECT_EQ(ask("Z2,ffffffffffffffff,1"), "OK");
  for (unsigned i = 1; i < Breakpoints::kMost; ++i) ASSERT_EQ(ask(fmt::format("Z0,{:x},4", 4 * i)), "OK");
  EXPECT_EQ(ask("Z0,0,4"), "E01");
  EXPECT_EQ(ask("Z0,4,4"), "OK");
}

TEST_F(SessionTest, StepsOneThreadAndTheOthersKeepTheirBreakpoints) {
  ask("Z0,40000010,4");
  next("vCont;c");
  ask("z0,40000010,4");  // as gdb does to get past it
  EXPECT_EQ(next("vCont;s:1"), Next::kResume);
  EXPECT_EQ(core_.steps, 1u);
  EXPECT_EQ(second_.steps, 0u);
  EXPECT_THAT(core_.breakpoints, IsEmpty());
  EXPECT_THAT(second_.breakpoints, ElementsAre(0x40000010));
  EXPECT_TRUE(session_.stepping(core_));
  EXPECT_FALSE(session_.stepping(second_));

  EXPECT_EQ(next("vCont;S05:2;c"), Next::kResume);
  EXPECT_EQ(core_.steps, 1u);
  EXPECT_EQ(second_.steps, 1u);
  EXPECT_THAT(second_.breakpoints, IsEmpty());
}

TEST_F(SessionTest, ACoreThatIsOffCannotBeResumed) {
  second_.is_powered = false;
  second_.file.pc = 0x1000;
  const Session::Answer answer = session_.answer("vCont;s:2;c");
  EXPECT_EQ(answer.next, Next::kStay);
  EXPECT_THAT(answer.replies,
              ElementsAre("O" + to_hex(std::string_view("core 1 is off: another one has to start it (PSCI CPU_ON)\n")),
                          StartsWith("T02thread:2;")));
  EXPECT_EQ(second_.steps, 0u);
  EXPECT_EQ(next("vCont;c:2"), Next::kStay);
  EXPECT_EQ(next("vCont;c"), Next::kResume);
}

TEST_F(SessionTest, MalformedResumes) {
  for (const char* packet : {"vCont;x", "vCont;s:5", "vCont;c:zz", "vContc"}) EXPECT_EQ(ask(packet), "E01") << packet;
}

TEST_F(SessionTest, StopReplies) {
  ask("qSupported:swbreak+;hwbreak+");
  ask("Z0,40000010,4");
  ask("Z1,40000020,4");
  ask("Z2,40000044,4");
  ask("Z3,40000060,4");
  ask("Z4,40000070,4");
  next("vCont;c");
  second_.file.pc = 0x40000010;
  second_.file.x[29] = 0x11;
  second_.file.x[RegisterFile::kSp] = 0x22;
  EXPECT_EQ(session_.stopped(second_, {Halt::Reason::kBreakpoint}),
            "T05swbreak:;thread:2;1d:1100000000000000;1f:2200000000000000;20:1000004000000000;");
  EXPECT_THAT(ask("?"), StartsWith("T05swbreak:;thread:2;"));
  EXPECT_EQ(ask("qC"), "QC2");
  core_.file.pc = 0x40000020;
  EXPECT_THAT(session_.stopped(core_, {Halt::Reason::kBreakpoint}), StartsWith("T05hwbreak:;thread:1;"));
  EXPECT_THAT(session_.stopped(core_, {Halt::Reason::kStep}), StartsWith("T05thread:1;"));
  EXPECT_THAT(session_.stopped(core_, {Halt::Reason::kRequested}), StartsWith("T02thread:1;"));
  const auto watch = [&](std::uint64_t address) {
    return session_.stopped(core_, {Halt::Reason::kWatchpoint, address});
  };
  EXPECT_THAT(watch(0x40000046), StartsWith("T05watch:40000046;"));
  EXPECT_THAT(watch(0x40000040), StartsWith("T05watch:40000044;"));  // an access that begins ahead of it
  EXPECT_THAT(watch(0x40000060), StartsWith("T05rwatch:40000060;"));
  EXPECT_THAT(watch(0x40000073), StartsWith("T05awatch:40000073;"));
}

TEST_F(SessionTest, Monitor) {
  EXPECT_EQ(monitor("time"), "simulated time: 1500 ns\n");
  EXPECT_THAT(monitor("help"), HasSubstr("monitor reset"));
  EXPECT_THAT(monitor("nonsense"), HasSubstr("monitor reset"));
  EXPECT_FALSE(session_.take_reset());
  EXPECT_THAT(monitor("reset"), HasSubstr("reset as soon as"));
  EXPECT_TRUE(session_.take_reset());
  EXPECT_FALSE(session_.take_reset());
  EXPECT_EQ(ask("qRcmd,0"), "E01");
}

TEST_F(SessionTest, TheWaysOut) {
  EXPECT_EQ(ask("qAttached"), "1");
  EXPECT_EQ(next("D"), Next::kDetach);
  EXPECT_EQ(next("k"), Next::kKill);
  EXPECT_EQ(next("vKill;1"), Next::kKill);
}

TEST(Session, LeavesNoBreakpointBehind) {
  FakeCore core(0);
  const Monitor monitor;
  {
    Session session({&core}, core, monitor);
    session.answer("Z0,40000010,4");
    session.answer("Z2,40000040,8");
    session.answer("vCont;c");
    ASSERT_EQ(core.breakpoints.size(), 1u);
  }
  EXPECT_THAT(core.breakpoints, IsEmpty());
  EXPECT_THAT(core.watchpoints, IsEmpty());
}

}  // namespace
}  // namespace cardvp::arm::gdb
