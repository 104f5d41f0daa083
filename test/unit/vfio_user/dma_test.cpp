// The function's DMA to a guest's memory that the client shares, and what a client can do wrong with it.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/unit/vfio_user/served.h"

namespace cardvp::host::vfio_user::test {
namespace {

struct Dma : Served {
  static constexpr std::uint64_t kMiB = 1 << 20;

  void SetUp() override {
    Served::SetUp();
    connect(client);
    enable();
  }
  static void store(const File& file, std::uint64_t at, std::uint64_t value) {
    ASSERT_EQ(::pwrite(file.get(), &value, sizeof value, static_cast<off_t>(at)), 8);
  }
  static std::uint64_t load(const File& file, std::uint64_t at) {
    std::uint64_t value = 0;
    EXPECT_EQ(::pread(file.get(), &value, sizeof value, static_cast<off_t>(at)), 8);
    return value;
  }
  std::uint64_t faults() { return count("vfio_user.fn0.dma_faults"); }

  File ram = memory_file(4 * kMiB);
};

TEST_F(Dma, SharedMemoryIsReachedAtOnce) {
  EXPECT_EQ(map(0x100000000, 2 * kMiB, &ram, kMiB), 0u);
  store(ram, kMiB + 0x123, 0x1122334455667788);
  const auto read = finish_read(0x100000123, 8);
  EXPECT_EQ(read->status, DmaStatus::kOk);
  EXPECT_EQ(read->u64(), 0x1122334455667788u);
  EXPECT_TRUE(dma_write(0x100000000 + 2 * kMiB - 8, 0x99));
  EXPECT_EQ(load(ram, 3 * kMiB - 8), 0x99u);
  EXPECT_FALSE(client.receive());
}

// The guest's own mapping is coherent, without any call.
TEST_F(Dma, SharedMemoryIsTheGuests) {
  void* const guest = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ram.get(), 0);
  ASSERT_NE(guest, MAP_FAILED);
  EXPECT_EQ(map(0, kMiB, &ram), 0u);
  dma_write(0x40, 0x5a5a);
  EXPECT_EQ(static_cast<std::uint64_t*>(guest)[8], 0x5a5au);
  ::munmap(guest, 4096);
}

TEST_F(Dma, ReadOnlyMemory) {
  EXPECT_EQ(map(0, kMiB, &ram, 0, 1), 0u);
  EXPECT_EQ(finish_read(0, 8)->status, DmaStatus::kOk);
  dma_write(0, 1);
  EXPECT_EQ(load(ram, 0), 0u);
  EXPECT_EQ(faults(), 1u);
  EXPECT_EQ(map(kMiB, kMiB, &ram, 0, 2), 0u);  // write-only
  EXPECT_EQ(finish_read(kMiB, 8)->status, DmaStatus::kUnsupportedRequest);
  dma_write(kMiB, 7);
  EXPECT_EQ(load(ram, 0), 7u);
}

TEST_F(Dma, AcrossTwoMaps) {
  EXPECT_EQ(map(0, kMiB, &ram, 0), 0u);
  EXPECT_EQ(map(kMiB, kMiB, &ram, 3 * kMiB), 0u);
  store(ram, kMiB - 8, 1);
  store(ram, 3 * kMiB, 2);
  const auto read = finish_read(kMiB - 8, 16);
  EXPECT_EQ(read->status, DmaStatus::kOk);
  EXPECT_EQ(read->u64(), 1u);
  EXPECT_EQ(static_cast<int>(read->bytes[8]), 2);
  dma_write(kMiB - 4, 0xaaaaaaaabbbbbbbb);
  EXPECT_EQ(load(ram, kMiB - 8) >> 32, 0xbbbbbbbbu);
  EXPECT_EQ(load(ram, 3 * kMiB), 0xaaaaaaaau);
}

TEST_F(Dma, WhereNothingIsMapped) {
  EXPECT_EQ(map(0, kMiB, &ram), 0u);
  EXPECT_EQ(finish_read(kMiB, 8)->status, DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(finish_read(kMiB - 4, 8)->status, DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(finish_read(~0ull - 0xfff, 8)->status, DmaStatus::kUnsupportedRequest);
  dma_write(2 * kMiB, 1);
  EXPECT_EQ(faults(), 4u);
}

TEST_F(Dma, MapsThatAreRefused) {
  EXPECT_EQ(map(kMiB, kMiB, &ram), 0u);
  EXPECT_EQ(map(kMiB, kMiB, &ram), 17u);                       // there is one
  EXPECT_EQ(map(0, kMiB + 4096, &ram), 17u);                   // reaches into it,
  EXPECT_EQ(map(2 * kMiB - 4096, kMiB, &ram), 17u);            // from it,
  EXPECT_EQ(map(kMiB + 4096, 4096, &ram), 17u);                // is in it,
  EXPECT_EQ(map(0, 4 * kMiB, &ram), 17u);                      // and around it
  EXPECT_EQ(map(8 * kMiB, kMiB, &ram, 3 * kMiB + 4096), 22u);  // behind the end of the file
  EXPECT_EQ(map(8 * kMiB, 4096, &ram, ~0xfffull), 22u);
  EXPECT_EQ(map(8 * kMiB, 0, &ram), 22u);
  EXPECT_EQ(map(8 * kMiB + 1, 4096, &ram), 22u);
  EXPECT_EQ(map(8 * kMiB, 4095, &ram), 22u);
  EXPECT_EQ(map(8 * kMiB, 4096, &ram, 1), 22u);
  EXPECT_EQ(map(8 * kMiB, 4096, &ram, 0, 0), 22u);
  EXPECT_EQ(map(8 * kMiB, 4096, &ram, 0, 7), 22u);
  EXPECT_EQ(map(~0ull - 4095, 4096, nullptr), 22u);
  EXPECT_EQ(map(~0ull - 8191, 8192, nullptr), 22u);
  EXPECT_EQ(map(4096, ~0ull - 4095, nullptr), 22u);
  EXPECT_EQ(error_of(kDmaMap, Bytes().u32(31).u32(3).u64(0).u64(8 * kMiB).u64(4096)), 22u);
  EXPECT_EQ(error_of(kDmaMap, Bytes().u32(32)), 22u);
  const int both[] = {ram.get(), ram.get()};
  EXPECT_EQ(error_of(kDmaMap, map_request(8 * kMiB, 4096), both), 22u);
}

TEST_F(Dma, DescriptorsThatCannotBeMapped) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const File out(ends[0]), in(ends[1]), eventfd = event(), device(::open("/dev/zero", O_RDWR | O_CLOEXEC)),
                                        tree(::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const File* file : {&out, &in, &eventfd, &device, &tree}) EXPECT_EQ(map(0, 4096, file), 22u);
  const File sealed(::memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(sealed.get(), 4096), 0);
  ASSERT_EQ(::fcntl(sealed.get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
  EXPECT_EQ(map(0, 4096, &sealed), 1u);  // EPERM, of mmap
}

TEST_F(Dma, Unmap) {
  EXPECT_EQ(map(0, kMiB, &ram), 0u);
  EXPECT_EQ(map(kMiB, kMiB, &ram), 0u);
  EXPECT_EQ(unmap(0, 4096), 2u);
  EXPECT_EQ(unmap(4096, kMiB - 4096), 2u);
  EXPECT_EQ(unmap(0, 2 * kMiB), 2u);
  EXPECT_EQ(unmap(0, kMiB, 4), 22u);
  EXPECT_EQ(unmap(0, kMiB), 0u);
  EXPECT_EQ(unmap(0, kMiB), 2u);
  EXPECT_EQ(finish_read(0, 8)->status, DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(finish_read(kMiB, 8)->status, DmaStatus::kOk);
  EXPECT_EQ(map(0, 2 * kMiB, &ram), 17u);
  EXPECT_EQ(unmap(0, kMiB, 2), 22u);  // all, but of a range
  EXPECT_EQ(unmap(0, 0, 2), 0u);
  EXPECT_EQ(finish_read(kMiB, 8)->status, DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(map(0, 2 * kMiB, &ram), 0u);
}

TEST_F(Dma, AMapThatVanishesUnderAReadIsUnsupported) {
  EXPECT_EQ(map(0, kMiB, &ram), 0u);
  const auto read = start_read(0, 256 << 10);
  sc_core::sc_start({1, sc_core::SC_US});  // the request is on the link; its data are due some 10 us later
  ASSERT_FALSE(read->status);
  client.send(kDmaUnmap, Bytes().u32(24).u32(0).u64(0).u64(kMiB));
  server->poll();
  ASSERT_TRUE(until([&] { return read->status.has_value(); }));
  EXPECT_EQ(read->status, DmaStatus::kUnsupportedRequest);
}

TEST_F(Dma, MoreMapsThanThereMayBe) {
  unsigned maps = 0;
  while (maps < 5000 && map(maps * 8192ull, 4096, nullptr) == 0) ++maps;
  EXPECT_EQ(maps, 1024u);  // as VERSION says
  EXPECT_EQ(unmap(0, 4096), 0u);
  EXPECT_EQ(map(0, 4096, nullptr), 0u);
}

// --- A file that gets shorter ----------------------------------------------------------------------------------------

TEST_F(Dma, AFileThatIsTruncatedUnderTheCardCostsItsClientOnly) {
  Client other;
  connect(other, "fn1");
  EXPECT_EQ(map(0, kMiB, &ram), 0u);
  EXPECT_EQ(map(kMiB, kMiB, &ram, kMiB), 0u);
  ASSERT_EQ(::ftruncate(ram.get(), kMiB + 4096), 0);
  EXPECT_EQ(finish_read(kMiB, 8)->status, DmaStatus::kOk);  // this much is left
  dma_write(kMiB + 8192, 0x77);
  ASSERT_TRUE(until([&] { return client.closed(); }));
  EXPECT_EQ(count("vfio_user.fn0.clients_closed"), 1u);
  EXPECT_EQ(call(other, kRegionRead, access(0, 7, 4)).u32(16), kId);
}

TEST_F(Dma, AFileThatIsTruncatedUnderARead) {
  EXPECT_EQ(map(0, kMiB, &ram), 0u);
  const auto read = start_read(0x10000, 4096);
  ASSERT_EQ(::ftruncate(ram.get(), 0), 0);
  ASSERT_TRUE(until([&] { return client.closed(); }));
  EXPECT_TRUE(read->status == DmaStatus::kOk || !read->status);  // zeros, or cancelled by the reset
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
