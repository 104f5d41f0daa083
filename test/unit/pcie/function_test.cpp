#include "models/pcie/function.h"

#include <map>

#include "models/pcie/registers.h"
#include "test/unit/pcie/harness.h"

namespace cardvp::pcie {
namespace {

using sc_core::sc_start;

struct ConfigTest : OneFunction {
  std::uint32_t config(std::uint16_t offset, unsigned size = 4) { return config_read(0, offset, size); }
  // Offset of the capability of that id, found as software does; 0 if it is not in the list.
  std::uint16_t capability(std::uint8_t id) {
    if (!(config(0x06, 2) & 0x10)) return 0;
    auto at = static_cast<std::uint16_t>(config(0x34, 1));
    for (unsigned steps = 0; at && steps < 48; ++steps) {
      EXPECT_EQ(at % 4, 0u);
      EXPECT_GE(at, 0x40u);
      if (config(at, 1) == id) return at;
      at = static_cast<std::uint16_t>(config(static_cast<std::uint16_t>(at + 1), 1));
    }
    return 0;
  }
  std::uint16_t express(unsigned offset) { return static_cast<std::uint16_t>(capability(0x10) + offset); }
  std::uint16_t power_control() { return static_cast<std::uint16_t>(capability(0x01) + 4); }
  std::uint64_t window_read(std::uint64_t address) { return endpoint.memory_read(address, 4).value; }
  Completion status_of_read(std::uint64_t address) { return endpoint.memory_read(address, 4).status; }
};

TEST_F(ConfigTest, IdentityIsTheFirmwares) {
  core_write(0x1008, 0x80611d0f);
  core_write(0x100c, 0x01080207);
  core_write(0x1010, 0xabcd1d0e);
  EXPECT_EQ(config(0x00), 0x80611d0fu);
  EXPECT_EQ(config(0x08), 0x01080207u);
  EXPECT_EQ(config(0x2c), 0xabcd1d0eu);
  config_write(0, 0x00, 0x12345678);
  config_write(0, 0x08, 0x12345678);
  config_write(0, 0x2c, 0x12345678);
  EXPECT_EQ(config(0x00), 0x80611d0fu);
  EXPECT_EQ(config(0x08), 0x01080207u);
  EXPECT_EQ(config(0x2c), 0xabcd1d0eu);
}

TEST_F(ConfigTest, PartsOfADword) {
  core_write(0x1008, 0x80611d0f);
  EXPECT_EQ(config(0x00, 1), 0x0fu);
  EXPECT_EQ(config(0x01, 1), 0x1du);
  EXPECT_EQ(config(0x02, 2), 0x8061u);
  EXPECT_EQ(config(0x01, 2), 0x611du);
  config_write(0, 0x10, 0xffffffff);
  config_write(0, 0x13, 0x12, 1);
  EXPECT_EQ(config(0x10), 0x12ffc004u);
  config_write(0, 0x12, 0x3456, 2);
  EXPECT_EQ(config(0x10), 0x3456c004u);
}

TEST_F(ConfigTest, RequestsThatCrossADwordOrAreOfOddSizeAreUnsupported) {
  for (auto [offset, size] : {std::pair{0x03, 2u}, {0x01, 4u}, {0x00, 8u}, {0x00, 3u}, {0x00, 0u}, {0x1000, 4u}}) {
    EXPECT_EQ(endpoint.config_read(3, 0, static_cast<std::uint16_t>(offset), size).status,
              Completion::kUnsupportedRequest);
    EXPECT_EQ(endpoint.config_write(3, 0, static_cast<std::uint16_t>(offset), size, ~0u),
              Completion::kUnsupportedRequest);
  }
}

TEST_F(ConfigTest, BarsTellTheirSizesAndTypes) {
  // 7.5.1.2.1: bit 0 memory, bits 2:1 = 10b 64-bit, bit 3 prefetchable.
  const std::uint64_t sizes[] = {0x4000, 0x100000, 8ull << 30};
  const std::uint32_t types[] = {0x4, 0xc, 0x4};
  for (unsigned i = 0; i < 3; ++i) {
    set_bar(0, 2 * i, ~0ull);
    const auto offset = static_cast<std::uint16_t>(0x10 + 8 * i);
    const std::uint64_t value = config(offset) | std::uint64_t{config(static_cast<std::uint16_t>(offset + 4))} << 32;
    EXPECT_EQ(value & 0xf, types[i]);
    EXPECT_EQ(~(value & ~0xfull) + 1, sizes[i]);
    set_bar(0, 2 * i, 0x123456789abcdef0);
    const std::uint64_t base = config(offset) | std::uint64_t{config(static_cast<std::uint16_t>(offset + 4))} << 32;
    EXPECT_EQ(base & ~0xfull, 0x123456789abcdef0 & ~(sizes[i] - 1));
  }
}

struct SmallFunction : ConfigTest {
  SmallFunction() {
    FunctionConfig small;
    small.bars = {{2, 0x1000, false}};
    small.msix_bar = 2;
    small.msix_pending = 0x800;
    add(5, small);
  }
};

TEST_F(SmallFunction, BarsThatAreNotThereReadZero) {
  for (std::uint16_t offset : {0x10, 0x14, 0x20, 0x24, 0x28, 0x30}) {
    config_write(5, offset, ~0u);
    EXPECT_EQ(config_read(5, offset), 0u) << offset;
  }
  config_write(5, 0x18, ~0u);
  EXPECT_EQ(config_read(5, 0x18), 0xfffff004u);
}

TEST_F(ConfigTest, OnlyWhatMayBeWrittenChanges) {
  config_write(0, 0x04, 0);
  // Bits that software can set, by the specification; BARs and MSI-X by their sizes. Everything else is fixed.
  const std::map<std::uint16_t, std::uint32_t> writable = {
      {0x04, 0x0546}, {0x0c, 0xff},       {0x10, 0xffffc000}, {0x14, 0xffffffff}, {0x18, 0xfff00000},
      {0x1c, ~0u},    {0x24, 0xfffffffe}, {0x3c, 0xff},       {0x44, 0x3},        {0x58, 0x79ff},
      {0x60, 0xcb},   {0x78, 0x10},       {0x80, 0xf},        {0x90, 0xc0000000}};
  for (unsigned offset = 0; offset < 0x1000; offset += 4) {
    const auto at = static_cast<std::uint16_t>(offset);
    const auto entry = writable.find(at);
    const std::uint32_t mask = entry == writable.end() ? 0 : entry->second;
    // Without Initiate FLR; without the way out of D3hot, which resets.
    const std::uint32_t ones = at == 0x58 ? 0xffff7fff : ~0u;
    const std::uint32_t before = config(at);
    config_write(0, at, ones);
    EXPECT_EQ(config(at), (before & ~mask) | mask) << std::hex << offset;
    if (at == 0x44) {
      config_write(0, at, 0);
      continue;
    }
    config_write(0, at, 0);
    EXPECT_EQ(config(at), before & ~mask) << std::hex << offset;
  }
}

TEST_F(ConfigTest, CapabilitiesAreListed) {
  EXPECT_NE(capability(0x01), 0);
  EXPECT_NE(capability(0x10), 0);
  EXPECT_NE(capability(0x11), 0);
  EXPECT_EQ(capability(0x05), 0);
  EXPECT_EQ(config(0x100), 0x0001000eu);  // ARI, and no other extended one
  EXPECT_EQ(config(0x104), 0u);           // no other function
  EXPECT_EQ(config(0x110), 0u);
  EXPECT_EQ(config(0xffc), 0u);
  EXPECT_EQ(config(0x3d, 1), 0u);  // no INTx
  EXPECT_EQ(config(0x30), 0u);     // no expansion ROM
}

TEST_F(ConfigTest, ExpressCapabilityTellsWhatThereIs) {
  EXPECT_EQ(config(express(2), 2) & 0xff, 0x02u);          // version 2, endpoint
  EXPECT_TRUE(config(express(4)) & 1u << 28);              // function-level reset
  EXPECT_TRUE(config(express(4)) & 1u << 15);              // role-based error reporting
  EXPECT_EQ(config(express(4)) & 7, 1u);                   // 256 bytes
  EXPECT_EQ(config(express(8), 2), 0x2810u);               // read requests of 512, relaxed ordering, no snoop
  EXPECT_EQ(config(express(0x0c)) & 0x3ff, 16u << 4 | 4);  // generation 4 x16
  EXPECT_EQ(config(express(0x12), 2) & 0x3ff, 16u << 4 | 4);
  EXPECT_EQ(config(express(0x2c)), 0x1eu);  // 2.5, 5, 8, 16 GT/s
  EXPECT_EQ(config(express(0x30)) & 0xf, 4u);
}

TEST_F(ConfigTest, MsixCapabilityTellsTableAndPendingBits) {
  const std::uint16_t at = capability(0x11);
  EXPECT_EQ(config(static_cast<std::uint16_t>(at + 2), 2), kVectors - 1);
  EXPECT_EQ(config(static_cast<std::uint16_t>(at + 4)), kTable);
  EXPECT_EQ(config(static_cast<std::uint16_t>(at + 8)), kPending);
}

TEST_F(ConfigTest, OneFunctionIsNotMultiFunction) { EXPECT_EQ(config(0x0e, 1), 0x00u); }

TEST_F(SmallFunction, AndItsFellowAreMultiFunction) {
  EXPECT_EQ(config_read(5, 0x0e, 1), 0x80u);
  EXPECT_EQ(config(0x0e, 1), 0x80u);
  config_write(0, express(8), 0xa810, 2);
  EXPECT_EQ(config(0x0e, 1), 0x80u);
  functions[1]->set_present(false);  // it may be back
  EXPECT_EQ(config(0x0e, 1), 0x80u);
}

TEST_F(ConfigTest, MemorySpaceDisabledClaimsNothing) {
  EXPECT_EQ(status_of_read(kBar0), Completion::kSuccess);
  set_command(0, kMaster);
  EXPECT_EQ(status_of_read(kBar0), Completion::kUnsupportedRequest);
  EXPECT_EQ(endpoint.memory_read(kBar0, 4).value, ~0ull);
  client.log.clear();
  memory_write(kBar0, 1);
  EXPECT_TRUE(client.log.empty());
  EXPECT_EQ(count("endpoint.unclaimed_writes"), 1u);
  EXPECT_EQ(count("endpoint.unclaimed_reads"), 2u);
  EXPECT_FALSE(function.bar_offset(0, kBar0));
  set_command(0, kMemory);
  EXPECT_EQ(status_of_read(kBar0), Completion::kSuccess);
  EXPECT_EQ(function.bar_offset(2, kBar2 + 0xfffff), 0xfffffu);
  EXPECT_FALSE(function.bar_offset(2, kBar2 + 0x100000));
  EXPECT_FALSE(function.bar_offset(1, kBar0));
  EXPECT_FALSE(function.bar_offset(17, kBar0));
}

TEST_F(ConfigTest, UnsupportedRequestsAreNotedAndClearedByWritingOnes) {
  EXPECT_EQ(config(express(0xa), 2), 0u);
  status_of_read(0x1000);
  EXPECT_EQ(config(express(0xa), 2), 0x9u);  // unsupported request, correctable
  config_write(0, express(0xa), 0x8, 2);
  EXPECT_EQ(config(express(0xa), 2), 0x1u);
  memory_write(0x1000, 1);
  EXPECT_EQ(config(express(0xa), 2), 0xbu);  // and non-fatal: nobody else says so for a posted one
  config_write(0, express(8), 0x2810, 2);    // Device Control alone leaves Device Status
  EXPECT_EQ(config(express(0xa), 2), 0xbu);
  config_write(0, express(0xa), 0xffff, 2);
  EXPECT_EQ(config(express(0xa), 2), 0u);
}

TEST_F(ConfigTest, BarAccessesReachTheClient) {
  client.log.clear();
  EXPECT_EQ(endpoint.memory_read(kBar0 + 0x14, 4).value, 0x1122334455667788u);
  EXPECT_EQ(endpoint.memory_read(kBar2 + 0xffff8, 8).status, Completion::kSuccess);
  EXPECT_EQ(endpoint.memory_read(kBar4 + (8ull << 30) - 1, 1).status, Completion::kSuccess);
  memory_write(kBar0 + 0x1000, 7);
  endpoint.memory_write(kBar2 + 3, std::array<std::byte, 61>{});
  EXPECT_EQ(client.log,
            (Seen{"read 0 20 4", "read 2 1048568 8", "read 4 8589934591 1", "write 0 4096 4", "write 2 3 61"}));
}

TEST_F(ConfigTest, ReadsThatCannotBeServedAreAborted) {
  for (auto [offset, size] : {std::pair{2u, 4u}, {4u, 8u}, {1u, 2u}, {0u, 3u}, {0u, 16u}, {0u, 0u}})
    EXPECT_EQ(function.bar_read(0, offset, size).status, Completion::kCompleterAbort) << offset << "/" << size;
  client.answer.reset();
  EXPECT_EQ(status_of_read(kBar0), Completion::kCompleterAbort);
  EXPECT_EQ(window_read(kBar0), ~0ull);
  EXPECT_TRUE(config(0x06, 2) & 0x0800);  // signalled target abort
  config_write(0, 0x06, 0x0800, 2);
  EXPECT_FALSE(config(0x06, 2) & 0x0800);
}

TEST_F(ConfigTest, AccessesBeyondABarReachNobody) {
  client.log.clear();
  endpoint.memory_write(kBar0 + 0x3ffc, std::array<std::byte, 8>{});
  function.bar_write(0, 0x4000, bytes_of(1u));
  function.bar_write(0, ~0ull, bytes_of(1u));
  function.bar_write(0, 0, std::array<std::byte, 65>{});
  function.bar_write(1, 0, bytes_of(1u));
  function.bar_write(6, 0, bytes_of(1u));
  EXPECT_EQ(count("fn0.writes_dropped"), 6u);
  EXPECT_EQ(endpoint.memory_read(kBar0 + 0x4000, 4).status, Completion::kUnsupportedRequest);
  EXPECT_EQ(function.bar_read(0, 0x4000, 4).status, Completion::kUnsupportedRequest);
  EXPECT_EQ(function.bar_read(0, ~0ull, 1).status, Completion::kUnsupportedRequest);
  EXPECT_EQ(function.bar_read(3, 0, 4).status, Completion::kUnsupportedRequest);
  EXPECT_EQ(function.bar_read(77, 0, 4).status, Completion::kUnsupportedRequest);
  EXPECT_TRUE(client.log.empty());
}

TEST_F(ConfigTest, ABarAtTheTopOfTheAddressSpaceDoesNotWrap) {
  set_bar(0, 0, ~0ull);
  client.log.clear();
  EXPECT_EQ(endpoint.memory_read(~0ull - 7, 8).status, Completion::kSuccess);
  EXPECT_EQ(endpoint.memory_read(0, 8).status, Completion::kUnsupportedRequest);
  endpoint.memory_write(~0ull - 3, std::array<std::byte, 8>{});
  EXPECT_EQ(client.log, (Seen{"read 0 16376 8"}));
}

struct BareFunction : ConfigTest {
  BareFunction() { endpoint.add(bare); }
  Function bare{"bare", sim, link, 9, function_config()};
};

TEST_F(BareFunction, WithoutAnEngineAnswersConfigurationOnly) {
  bare.set_present(true);
  set_bar(9, 0, 0x90000000);
  set_command(9, kMemory | kMaster);
  EXPECT_EQ(endpoint.memory_read(0x90000000, 4).status, Completion::kUnsupportedRequest);
  memory_write(0x90000000, 1);
  bare.reset();
  EXPECT_EQ(core_read(0xa004), 0u);  // no HARDWARE
}

// --- Resets and power ---

TEST_F(ConfigTest, FunctionLevelResetReturnsEverythingButTheLinksSettings) {
  config_write(0, 0x3c, 0x0b, 1);
  config_write(0, express(8), 0x5030, 2);   // payload of 256, requests of 4096
  config_write(0, express(0x10), 0x40, 2);  // common clock
  config_write(0, 0x92, 0x8000, 2);         // MSI-X enabled
  status_of_read(0x1000);
  const unsigned resets = client.resets;
  config_write(0, express(8), 0xd030, 2);
  EXPECT_EQ(client.resets, resets + 1);
  EXPECT_EQ(config(0x04, 2), 0u);
  EXPECT_EQ(config(0x10), 0x4u);
  EXPECT_EQ(config(0x1c), 0u);
  EXPECT_EQ(config(0x3c, 1), 0u);
  EXPECT_EQ(config(0x92, 2), kVectors - 1);
  EXPECT_EQ(config(express(8), 2), 0x2810u | 0x20u);  // Initiate FLR reads 0; Max_Payload_Size stays (6.6.2)
  EXPECT_EQ(config(express(0xa), 2), 0u);
  EXPECT_EQ(config(express(0x10), 2), 0x40u);
  EXPECT_EQ(status_of_read(kBar0), Completion::kUnsupportedRequest);
  EXPECT_EQ(function.requester(), 0x300);  // still known: the write that asked for it named the bus
  EXPECT_TRUE(function.present());
}

TEST_F(ConfigTest, LinkResetReturnsEverything) {
  config_write(0, express(8), 0x5030, 2);
  config_write(0, express(0x10), 0x40, 2);
  const unsigned resets = client.resets;
  endpoint.link_reset();
  EXPECT_EQ(client.resets, resets + 1);
  EXPECT_EQ(config(express(8), 2), 0x2810u);
  EXPECT_EQ(config(express(0x10), 2), 0u);
  EXPECT_EQ(function.requester(), 0u);
}

TEST_F(ConfigTest, FunctionLevelResetWithReadsInFlight) {
  host.fill(0x1000, 4096);
  std::array<std::byte, 4096> buffer{};
  bool resumed = false;
  client.tasks.spawn([](Function& f, std::byte* to, bool& done) -> Task<> {
    co_await f.read({0x1000, 4096}, to);
    done = true;
  }(function, buffer.data(), resumed));
  sc_start(ns(100));
  EXPECT_TRUE(config(express(0xa), 2) & 0x20);  // transactions pending
  config_write(0, express(8), 0xa810, 2);
  EXPECT_FALSE(config(express(0xa), 2) & 0x20);
  EXPECT_FALSE(function.write(0x2000, bytes_of(1u)));
  EXPECT_FALSE(function.post(0x2000, bytes_of(1u)));
  sc_start();
  EXPECT_FALSE(resumed);
  EXPECT_EQ(buffer, (std::array<std::byte, 4096>{}));
}

TEST_F(ConfigTest, RemovalLeavesNothingBehind) {
  core_write(0x1000, 1);
  sc_start(us(1));
  const auto msix = static_cast<std::uint16_t>(capability(0x11) + 2);
  config_write(0, msix, 0x8000, 2);
  memory_write(kBar0 + kTable, 0xfee00000);
  memory_write(kBar0 + kTable + 8, 0x41);
  function.interrupt(0);  // pending: the vector is masked
  std::array<std::byte, 64> data{};
  host.fill(0x1000, data.size());
  DmaStatus status = DmaStatus::kCompleterAbort;
  client.tasks.spawn([](Function& f, std::byte* to, DmaStatus& out) -> Task<> {
    const DmaSegment from{0x1000, 64};
    out = co_await f.read(from, to);
  }(function, data.data(), status));
  sc_start(ns(10));  // on its way
  const unsigned resets = client.resets;
  core_write(0x1000, 0);
  sc_start(us(1));
  EXPECT_EQ(client.resets, resets + 1);
  EXPECT_EQ(status, DmaStatus::kCompleterAbort);
  EXPECT_EQ(data, (std::array<std::byte, 64>{}));
  EXPECT_EQ(status_of_read(kBar0), Completion::kUnsupportedRequest);
  memory_write(kBar0, 1);
  EXPECT_TRUE(client.log.empty());
  EXPECT_FALSE(function.write(0x1000, data));
  EXPECT_FALSE(function.post(0x1000, data));
  const DmaSegment anywhere{0x1000, 64};
  EXPECT_EQ(read(function, anywhere, data.data()), DmaStatus::kBusMasterOff);

  core_write(0x1000, 1);
  sc_start(us(1));
  EXPECT_EQ(function.requester(), 0u);
  EXPECT_EQ(config(0x04, 2), 0u);
  EXPECT_EQ(config(0x10), 0x4u);
  EXPECT_EQ(config(msix, 2) & 0x8000, 0u);
  EXPECT_FALSE(function.write(0x1000, data));
  EXPECT_EQ(status_of_read(kBar0), Completion::kUnsupportedRequest);
  set_bars();
  set_command(0, kMemory | kMaster);
  config_write(0, msix, 0x8000, 2);
  EXPECT_EQ(window_read(kBar0 + kTable + 12), 1u);
  EXPECT_EQ(window_read(kBar0 + kTable), 0u);
  EXPECT_EQ(window_read(kBar0 + kPending), 0u);
  host.writes.clear();
  memory_write(kBar0 + kTable, 0xfee00000);
  memory_write(kBar0 + kTable + 12, 0);
  sc_start(us(1));
  EXPECT_TRUE(host.writes.empty());  // what was pending is gone
  function.interrupt(0);
  sc_start(us(1));
  EXPECT_EQ(host.writes.size(), 1u);
  EXPECT_EQ(status_of_read(kBar0), Completion::kSuccess);
  EXPECT_EQ(client.resets, resets + 1);
}

TEST_F(ConfigTest, TransactionsPendingUntilTheReadCompletes) {
  std::array<std::byte, 64> buffer{};
  client.tasks.spawn([](Function& f, std::byte* to) -> Task<> {
    co_await f.read({0x1000, 64}, to);
  }(function, buffer.data()));
  sc_start(ns(100));
  EXPECT_TRUE(config(express(0xa), 2) & 0x20);
  sc_start();
  EXPECT_FALSE(config(express(0xa), 2) & 0x20);
}

TEST_F(ConfigTest, D3hotAnswersConfigurationOnly) {
  config_write(0, power_control(), 3, 2);
  EXPECT_EQ(config(power_control(), 2), 3u);
  EXPECT_EQ(status_of_read(kBar0), Completion::kUnsupportedRequest);
  EXPECT_FALSE(function.write(0x2000, bytes_of(1u)));
  std::array<std::byte, 64> buffer{};
  EXPECT_EQ(read(function, {0x1000, 64}, buffer.data()), DmaStatus::kBusMasterOff);
  EXPECT_EQ(config(0x04, 2), kMemory | kMaster);
}

TEST_F(ConfigTest, D3hotToD0Resets) {
  const unsigned resets = client.resets;
  config_write(0, power_control(), 3, 2);
  config_write(0, power_control(), 3, 2);
  EXPECT_EQ(client.resets, resets);
  config_write(0, power_control(), 0, 2);
  EXPECT_EQ(client.resets, resets + 1);
  EXPECT_EQ(config(0x04, 2), 0u);
  EXPECT_EQ(config(power_control(), 2) & 8, 0u);  // as No_Soft_Reset says
  config_write(0, power_control(), 0, 2);
  EXPECT_EQ(client.resets, resets + 1);
}

TEST_F(ConfigTest, PowerStatesThatAreNotThereAreNotEntered) {
  config_write(0, power_control(), 1, 2);
  EXPECT_EQ(config(power_control(), 2), 0u);
  config_write(0, power_control(), 3, 2);
  const unsigned resets = client.resets;
  config_write(0, power_control(), 2, 2);
  EXPECT_EQ(config(power_control(), 2), 3u);
  EXPECT_EQ(client.resets, resets);
}

TEST_F(ConfigTest, OtherWritesToDeviceControlResetNothing) {
  const unsigned resets = client.resets;
  config_write(0, express(8), 0x7fff, 2);
  config_write(0, express(8), 0xff, 1);
  config_write(0, express(0xa), 0xffff, 2);
  EXPECT_EQ(client.resets, resets);
  config_write(0, express(9), 0x80, 1);  // its upper byte alone
  EXPECT_EQ(client.resets, resets + 1);
}

}  // namespace
}  // namespace cardvp::pcie
