// Blocks that nobody here wrote, as plug-ins in the folder that CARDVP_RTL_THIRD_PARTY names. What a block is to do is
// told by how its file's name begins:
//   memory_*   a memory behind a target interface (AXI4 or AXI4-Lite; of AXI4, no wrapping bursts)
//   pass_*     a target interface, and a master that does what it is asked there
//   copy_*     an AXI4 master that copies what descriptors say, in the manner of verilog-axi's axi_cdma
//   fifo_*     a stream in, the same stream out, of whatever widths
//   apb_timer, sha256, aes   the registers of the blocks of pulp-platform and secworks that are called so
// A folder without one of a kind fails that kind's tests.
#include <gmock/gmock.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <random>

#include "rtl/bridges/apb_target.h"
#include "rtl/bridges/axi_master.h"
#include "rtl/bridges/axi_stream_sink.h"
#include "rtl/bridges/axi_stream_source.h"
#include "rtl/bridges/axi_target.h"
#include "rtl/bridges/register_target.h"
#include "test/unit/rtl_bridges/bridge_test.h"
#include "test/unit/rtl_bridges/test_memory.h"

namespace cardvp::rtl::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> plugins(const std::string& begin) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(CARDVP_RTL_THIRD_PARTY))
    if (entry.path().extension() == ".so" && entry.path().stem().string().starts_with(begin))
      names.push_back(entry.path().stem());
  std::ranges::sort(names);
  return names;
}

class ThirdParty : public BridgeTest {
 protected:
  void load(const std::string& name, Clocking clocking = {}) {
    BlockConfig config;
    config.clocking = std::move(clocking);
    config.time_out_cycles = 10'000;
    make((fs::path(CARDVP_RTL_THIRD_PARTY) / (name + ".so")).c_str(), config);
    check();
  }
  const InterfaceDescription& of(InterfaceRole role) const {
    for (const InterfaceDescription& candidate : block->description().interfaces)
      if (candidate.role == role) return candidate;
    throw std::invalid_argument("no such interface");
  }
  void expect_good(const Tally& tally, unsigned tasks_ended) const {
    EXPECT_EQ(tally.ended, tasks_ended);
    EXPECT_EQ(tally.errors, 0u);
    EXPECT_EQ(tally.mismatches, 0u);
    EXPECT_GT(tally.reads, 100u);
    EXPECT_GT(tally.writes, 100u);
    expect_protocol();
  }
  // Content is right in spite of these two, which are known of some blocks (docs/rtl-bridges.md).
  void expect_protocol() const {
    EXPECT_EQ(broken(""), broken("RESPONSE_SAME_CYCLE") + broken("VALID_COMBINATIONAL")) << testing::PrintToString(
        std::vector(violations.begin(), violations.begin() + std::min<long>(violations.size(), 9)));
  }
  void exercise_all(TargetBridge& bridge, unsigned bus, std::uint64_t size) {
    Tally tally;
    for (unsigned i = 0; i < 4; ++i) {
      Traffic traffic;
      traffic.size = size / 4;
      traffic.base = i * traffic.size;
      traffic.max_size = i == 0 ? 3000 : 300;
      traffic.shapes = true;
      traffic.bus = bus;
      traffic.id = i;
      tasks.spawn(exercise(bridge, traffic, 300 + i, 200, tally));
    }
    sc_core::sc_start(sc_core::sc_time(100, sc_core::SC_MS));
    expect_good(tally, 4);
  }
};

class ThirdPartyMemory : public ThirdParty, public testing::WithParamInterface<std::string> {};
TEST_P(ThirdPartyMemory, EveryByteIsWhereItBelongs) {
  load(GetParam());
  AxiTargetConfig config;
  config.stalls = {20, 3};
  const InterfaceDescription& description = of(InterfaceRole::kTarget);
  AxiTarget bridge(sim, *block, description, config);
  const unsigned bus = block->pin(description.port("wdata")).width() / 8;
  // It is nowhere said that the memory begins with zeros.
  std::vector<std::uint8_t> zeros(32 * 1024);
  ASSERT_EQ(run(bridge, true, 0, zeros), Response::kOkay);
  exercise_all(bridge, bus, zeros.size());
}
INSTANTIATE_TEST_SUITE_P(All, ThirdPartyMemory, testing::ValuesIn(plugins("memory_")));

class ThirdPartyPass : public ThirdParty, public testing::WithParamInterface<std::string> {};
TEST_P(ThirdPartyPass, EveryByteIsWhereItBelongs) {
  load(GetParam());
  TestMemory memory{32 * 1024};
  const InterfaceDescription& description = of(InterfaceRole::kTarget);
  AxiTargetConfig config;
  config.stalls = {20, 3};
  AxiTarget bridge(sim, *block, description, config);
  AxiMaster master(sim, *block, of(InterfaceRole::kMaster), memory,
                   {.read_latency = 5, .write_latency = 3, .outstanding = 4, .stalls = {30, 17}});
  exercise_all(bridge, block->pin(description.port("wdata")).width() / 8, memory.bytes.size());
  EXPECT_EQ(counted(of(InterfaceRole::kMaster).name + ".illegal_bursts"), 0u);
  std::vector<std::uint8_t> beyond(64);
  EXPECT_EQ(run(bridge, false, memory.bytes.size(), beyond), Response::kDecErr);
}
INSTANTIATE_TEST_SUITE_P(All, ThirdPartyPass, testing::ValuesIn(plugins("pass_")));

// Hands over one descriptor, and waits for its end.
class Descriptor : public BridgePins {
 public:
  explicit Descriptor(Block& block)
      : valid_(block.pin("s_axis_desc_valid")),
        ready_(block.pin("s_axis_desc_ready")),
        over_(block.pin("m_axis_desc_status_valid")),
        error_(block.pin("m_axis_desc_status_error")) {
    block.domain()->add(*this);
  }
  void begin() {
    offered_ = true;
    done = false;
    begin_work();
  }
  void drive() override { valid_.set(offered_); }
  void sample() override {
    if (offered_ && ready_.high()) offered_ = false;
    if (!over_.high()) return;
    error = error_.get();
    done = true;
    end_work();
  }
  void reset() override { valid_.set(0); }
  void time_out() override {}
  std::string pending() const override { return "a copy"; }
  std::string name() const override { return "descriptor"; }

  bool done = false;
  std::uint64_t error = 0;

 private:
  Pin valid_, ready_, over_, error_;
  bool offered_ = false;
};

class ThirdPartyCopy : public ThirdParty, public testing::WithParamInterface<std::string> {};
TEST_P(ThirdPartyCopy, CopiesArriveAndTouchNothingElse) {
  load(GetParam());
  TestMemory memory{64 * 1024};
  AxiMaster master(sim, *block, of(InterfaceRole::kMaster), memory,
                   {.read_latency = 9, .write_latency = 4, .outstanding = 4, .stalls = {25, 5}});
  Descriptor descriptor(*block);
  set("enable", 1);
  std::mt19937 random(1);
  for (std::uint8_t& byte : memory.bytes) byte = static_cast<std::uint8_t>(random());
  std::vector<std::uint8_t> model = memory.bytes;
  const auto copy = [&](std::uint32_t from, std::uint32_t to, std::uint32_t size) {
    set("s_axis_desc_read_addr", from);
    set("s_axis_desc_write_addr", to);
    set("s_axis_desc_len", size);
    descriptor.begin();
    sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_MS));
    ASSERT_TRUE(descriptor.done);
  };
  for (unsigned i = 0; i < 100; ++i) {
    const std::uint32_t size = 1 + random() % 3000, from = random() % 20'000, to = 30'000 + random() % 30'000;
    copy(from, to, size);
    EXPECT_EQ(descriptor.error, 0u);
    std::memcpy(model.data() + to, model.data() + from, size);
    ASSERT_EQ(memory.bytes, model) << i;
  }
  memory.bytes.resize(32 * 1024);
  copy(31'000, 0, 4000);  // walks off
  EXPECT_NE(descriptor.error, 0u);
  EXPECT_GE(counted("m_axi.errors"), 1u);
  expect_protocol();
}
INSTANTIATE_TEST_SUITE_P(All, ThirdPartyCopy, testing::ValuesIn(plugins("copy_")));

class ThirdPartyFifo : public ThirdParty, public testing::WithParamInterface<std::string> {
 protected:
  Task<> send(AxiStreamSource& source, const std::vector<StreamPacket>& packets) {
    for (const StreamPacket& packet : packets) (void)co_await source.send(packet);
  }
  Task<> receive(AxiStreamSink& sink, std::size_t count) {
    while (count-- > 0) {
      StreamPacket packet;
      if (!is_okay(co_await sink.receive(packet))) co_return;
      received.push_back(std::move(packet));
    }
  }
  std::vector<StreamPacket> received;
};
TEST_P(ThirdPartyFifo, PacketsComeThroughWholeAndInOrder) {
  load(GetParam());
  AxiStreamSource source(sim, *block, of(InterfaceRole::kSink), {30, 5});
  AxiStreamSinkConfig config;
  config.stalls = {30, 7};
  AxiStreamSink sink(sim, *block, of(InterfaceRole::kSource), config);
  std::mt19937 random(3);
  std::vector<StreamPacket> packets(200);
  for (StreamPacket& packet : packets) {
    packet.data.resize(1 + random() % 200);
    for (std::uint8_t& byte : packet.data) byte = static_cast<std::uint8_t>(random());
    packet.id = random() % 256;
    packet.dest = random() % 256;
    packet.user = random() % 16;
  }
  tasks.spawn(send(source, packets));
  tasks.spawn(receive(sink, packets.size()));
  sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_MS));
  ASSERT_EQ(received.size(), packets.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(received[i].data, packets[i].data) << i;
    EXPECT_EQ(received[i].id, packets[i].id) << i;
    EXPECT_EQ(received[i].dest, packets[i].dest) << i;
    EXPECT_EQ(received[i].user, packets[i].user) << i;
  }
  expect_protocol();
}
INSTANTIATE_TEST_SUITE_P(All, ThirdPartyFifo, testing::ValuesIn(plugins("fifo_")));

class ThirdPartyRegisters : public ThirdParty {
 protected:
  std::uint32_t read(TargetBridge& bridge, std::uint64_t address) {
    std::array<std::uint8_t, 4> bytes{};
    EXPECT_EQ(run(bridge, false, address, bytes), Response::kOkay);
    std::uint32_t value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  void write(TargetBridge& bridge, std::uint64_t address, std::uint32_t value) {
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &value, sizeof value);
    EXPECT_EQ(run(bridge, true, address, bytes), Response::kOkay);
  }
  // Words from a register on: the block counts words, the bridge bytes.
  std::vector<std::uint32_t> words(TargetBridge& bridge, unsigned index, unsigned count) {
    std::vector<std::uint32_t> values;
    for (unsigned i = 0; i < count; ++i) values.push_back(read(bridge, (index + i) * 4));
    return values;
  }
  void write_words(TargetBridge& bridge, unsigned index, const std::vector<std::uint32_t>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) write(bridge, (index + i) * 4, values[i]);
  }
  void wait_for_bits(TargetBridge& bridge, unsigned index, std::uint32_t bits) {
    for (unsigned i = 0; i < 1000; ++i)
      if ((read(bridge, index * 4) & bits) == bits) return;
    ADD_FAILURE() << "the block does not become ready";
  }
};

// FIPS 180-4's example of one block, "abc".
TEST_F(ThirdPartyRegisters, Sha256) {
  load("sha256");
  RegisterTarget bridge(sim, *block, of(InterfaceRole::kTarget));
  std::vector<std::uint32_t> message(16);
  message[0] = 0x61626380;
  message[15] = 24;
  write_words(bridge, 0x10, message);
  write(bridge, 0x08 * 4, 5);  // init, SHA-256
  wait_for_bits(bridge, 0x09, 3);
  EXPECT_EQ(words(bridge, 0x20, 8), (std::vector<std::uint32_t>{0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                                                0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad}));
  expect_protocol();
}

// FIPS 197, appendix B: key and block of AES-128.
TEST_F(ThirdPartyRegisters, Aes) {
  load("aes");
  RegisterTarget bridge(sim, *block, of(InterfaceRole::kTarget));
  write_words(bridge, 0x10, {0x2b7e1516, 0x28aed2a6, 0xabf71588, 0x09cf4f3c, 0, 0, 0, 0});
  write(bridge, 0x0a * 4, 1);  // encrypt, 128 bits
  write(bridge, 0x08 * 4, 1);  // expand the key
  words(bridge, 0x00, 3);      // until then it has begun
  wait_for_bits(bridge, 0x09, 1);
  write_words(bridge, 0x20, {0x3243f6a8, 0x885a308d, 0x313198a2, 0xe0370734});
  write(bridge, 0x08 * 4, 2);
  wait_for_bits(bridge, 0x09, 3);
  EXPECT_EQ(words(bridge, 0x30, 4), (std::vector<std::uint32_t>{0x3925841d, 0x02dc09fb, 0xdc118597, 0x196a0b32}));
  expect_protocol();
}

// The timer counts while it is enabled (bit 0 of CTRL), one a cycle: an APB access takes two.
TEST_F(ThirdPartyRegisters, ApbTimer) {
  load("apb_timer");
  ApbTarget bridge(sim, *block, of(InterfaceRole::kTarget));
  write(bridge, 0x8, 0xffff);  // the compare register
  EXPECT_EQ(read(bridge, 0x8), 0xffffu);
  EXPECT_EQ(read(bridge, 0x0), 0u);
  write(bridge, 0x4, 1);
  const std::uint32_t first = read(bridge, 0x0), second = read(bridge, 0x0);
  EXPECT_EQ(second - first, 2u);
  write(bridge, 0x4, 0);
  write(bridge, 0x0, 77);
  EXPECT_EQ(read(bridge, 0x0), 77u);
  expect_protocol();
}

}  // namespace
}  // namespace cardvp::rtl::test
