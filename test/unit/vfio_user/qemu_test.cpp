// What QEMU 11.1 sends for a guest's life, in its order: realizing the device, firmware, Linux with MSI-X, a reboot,
// the end.
#include <unistd.h>

#include "test/unit/vfio_user/served.h"

namespace cardvp::host::vfio_user::test {
namespace {

struct Qemu : Served {
  static constexpr std::uint32_t kBind = 0x24, kNone = 0x21;

  // QEMU does not wait for the answers to its first maps.
  void map_all(const std::vector<Bytes>& maps) {
    for (const Bytes& each : maps) {
      const int fd = ram.get();
      client.send(kDmaMap, each, 0, std::span(&fd, 1));
    }
    for (std::size_t i = 0; i < maps.size(); ++i) {
      std::optional<Received> reply;
      ASSERT_TRUE(until([&] { return (reply = client.receive()).has_value(); }));
      EXPECT_FALSE(reply->is_error()) << i;
      EXPECT_EQ(reply->size, 16u);
    }
  }

  void realize() {
    connect(client);
    map_all({map_request(0, 16 << 20), map_request(0x100000000, 16 << 20, 16 << 20)});
    EXPECT_EQ(map(0xfffc0000, 256 << 10, nullptr, 0, 1), 0u);  // flash, which has no file
    EXPECT_FALSE(call(kGetInfo, Bytes().u32(16).fill(12)).is_error());
    for (const std::uint32_t region : {0u, 1u, 2u, 3u, 4u, 5u, 7u})
      EXPECT_FALSE(call(kGetRegionInfo, Bytes().u32(32).u32(0).u32(region).fill(20)).is_error());
    EXPECT_EQ(call(kGetIrqInfo, Bytes().u32(16).u32(0).u32(3).u32(0)).error, 22u);
    EXPECT_EQ(call(kRegionRead, access(0, 7, 4096)).size, 32u + 4096u);
    set_config(0x30, 0xfffff800, 4);
    EXPECT_EQ(config(0x30, 4), 0u);
    set_config(0x30, 0, 4);
    EXPECT_EQ(config(0x10, 4), 4u);
    EXPECT_EQ(config(0x18, 4), 0xcu);
    EXPECT_EQ(config(kMsix + 2, 2), kVectors - 1);
    EXPECT_EQ(config(kMsix + 4, 4), kTable);
    EXPECT_EQ(config(kMsix + 8, 4), kPending);
    EXPECT_EQ(call(kGetIrqInfo, Bytes().u32(16).u32(0).u32(2).u32(0)).u32(12), kVectors);
    EXPECT_EQ(config(0x3d, 1), 0u);
    machine_reset();
  }

  void machine_reset() {
    EXPECT_EQ(set_irqs(0, kNone, 0, 0), 0u);
    set_config(4, config(4, 2) & ~7u, 2);
    EXPECT_EQ(config(kPower + 4, 2) & 3, 0u);
    EXPECT_EQ(error_of(kReset, Bytes()), 0u);
    for (std::uint64_t bar = 0x10; bar < 0x28; bar += 4) set_config(bar, 0, 4);
    EXPECT_EQ(config(4, 2), 0u);
  }

  void firmware() {
    for (std::uint64_t bar = 0x10; bar < 0x28; bar += 4) {
      set_config(bar, 0xffffffff, 4);
      set_config(bar, bar == 0x10 ? 0xfebd0000 : bar == 0x18 ? 0xfe000000 : 0, 4);
    }
    // The chipset's shadow memory: the first megabyte in ever other pieces, as new descriptors of the same file.
    EXPECT_EQ(unmap(0, 16 << 20), 0u);
    map_all({map_request(0, 0xc0000), map_request(0xc0000, 0x40000, 0xc0000, 1),
             map_request(0x100000, 15 << 20, 0x100000)});
    for (unsigned i = 0; i < 12; ++i) {
      EXPECT_EQ(unmap(0xc0000, 0x40000), 0u);
      map_all({map_request(0xc0000, 0x40000, 0xc0000, i % 2 ? 1 : 3)});
    }
    set_config(4, 0x107, 2);
    EXPECT_EQ(config(4, 2), 0x106u);  // there is no I/O space
    // SeaBIOS uses the controller by itself, without an interrupt, and leaves it.
    write(0, 0x14, 0x460001, 4);
    EXPECT_EQ(read(0, 0x1c, 1), 0x1cu);
    functions[0]->interrupt(0);
    steps(2);
    write(0, 0x14, 0, 4);
  }

  void linux_binds() {
    set_config(kMsix + 2, 0xc000, 2);
    EXPECT_EQ(set_irqs(0, kNone, 0, 0), 0u);
    EXPECT_EQ(set_irqs(2, kBind, 0, 1), 0u);
    set_config(kMsix + 2, 0x8000, 2);
    vectors.clear();
    for (unsigned i = 0; i < 3; ++i) {
      vectors.push_back(event());
      EXPECT_EQ(set_irqs(2, kBind, i, 1, {&vectors[i]}), 0u);
    }
    for (const File& vector : vectors) EXPECT_EQ(events(vector), 0u);
  }

  // A doorbell, and what a device does of it: reads its queue, writes a completion, interrupts.
  void io() {
    const std::uint64_t entry = 0x5122'0000'0000'0001 + done;
    ASSERT_EQ(::pwrite(ram.get(), &entry, sizeof entry, 0x200000), 8);
    post(0, 0x1000, done, 4);
    const auto read = finish_read(0x200000, 8);
    EXPECT_EQ(read->u64(), entry);
    dma_write(0x100000000 + 0x3000, entry);
    functions[0]->interrupt(1);
    steps(2);
    EXPECT_EQ(events(vectors[1]), 1u);
    std::uint64_t completion = 0;
    ASSERT_EQ(::pread(ram.get(), &completion, sizeof completion, (16 << 20) + 0x3000), 8);
    EXPECT_EQ(completion, entry);
    EXPECT_EQ(engines[0]->writes.back(), (Engine::Write{0, 0x1000, done, 4}));
    ++done;
  }

  void guest_stops() {
    set_config(kMsix + 2, 0, 2);
    EXPECT_EQ(set_irqs(2, kNone, 0, 0), 0u);
    EXPECT_EQ(set_irqs(0, kNone, 0, 0), 0u);
  }

  File ram = memory_file(32 << 20);
  std::vector<File> vectors;
  std::uint64_t done = 1;
};

TEST_F(Qemu, AGuestsLife) {
  const std::set<int> before = open_files();
  for (unsigned life = 0; life < 2; ++life) {
    realize();
    firmware();
    linux_binds();
    for (unsigned i = 0; i < 5; ++i) io();
    // A reboot: memory is mapped anew, and the device reset twice.
    guest_stops();
    machine_reset();
    for (const auto& [address, size] : {std::pair(0u, 0xc0000u), {0xc0000u, 0x40000u}, {0x100000u, 15u << 20}})
      EXPECT_EQ(unmap(address, size), 0u);
    map_all({map_request(0, 16 << 20)});
    machine_reset();
    firmware();
    linux_binds();
    for (unsigned i = 0; i < 5; ++i) io();
    vectors.clear();
    client.close();  // without a word
    ASSERT_TRUE(until([&] { return server->clients() == 0 && !server->waiting(); }));
    EXPECT_EQ(open_files(), before);
  }
  EXPECT_EQ(count("vfio_user.fn0.clients_closed"), 0u);
  EXPECT_EQ(count("vfio_user.fn0.dma_faults"), 0u);
  EXPECT_EQ(count("vfio_user.fn0.refused"), 2u);  // of the error interrupt
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
