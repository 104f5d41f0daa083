// The function's DMA to the guest's memory: shared, by messages, and what a client can do wrong.
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

// --- Without a file --------------------------------------------------------------------------------------------------

TEST_F(Dma, ReadsByMessage) {
  EXPECT_EQ(map(0x10000, 0x10000, nullptr), 0u);
  const auto read = start_read(0x12340, 100);
  const Received ask = demand(client);
  EXPECT_EQ(ask.command, kDmaRead);
  EXPECT_EQ(ask.size, 32u);
  EXPECT_EQ(ask.u64(0), 0x12340u);
  EXPECT_EQ(ask.u64(8), 100u);
  steps(20);
  EXPECT_FALSE(read->status);
  // While it waits, the client is answered.
  EXPECT_EQ(config(0, 4), kId);
  client.answer(ask, Bytes().u64(0x12340).u64(100).fill(100, 0xc3));
  ASSERT_TRUE(until([&] { return read->status.has_value(); }));
  EXPECT_EQ(read->status, DmaStatus::kOk);
  EXPECT_EQ(read->bytes, std::vector<std::byte>(100, std::byte{0xc3}));
}

TEST_F(Dma, ReadsAreAnsweredInAnyOrderAndRefused) {
  EXPECT_EQ(map(0, 0x10000, nullptr), 0u);
  const auto first = start_read(0x1000, 8), second = start_read(0x2000, 8), third = start_read(0x3000, 8);
  const Received one = demand(client), two = demand(client), three = demand(client);
  EXPECT_NE(one.id, two.id);
  client.answer(three, Bytes().u64(0x3000).u64(8).u64(3));
  client.answer_error(two, 14);
  client.answer(one, Bytes().u64(0x1000).u64(8).u64(1));
  ASSERT_TRUE(until([&] { return first->status && second->status && third->status; }));
  EXPECT_EQ(first->u64(), 1u);
  EXPECT_EQ(second->status, DmaStatus::kUnsupportedRequest);
  EXPECT_EQ(third->u64(), 3u);
}

TEST_F(Dma, WritesByMessage) {
  EXPECT_EQ(map(0, 0x10000, nullptr), 0u);
  dma_write(0x1238, 0x1122334455667788);
  const Received ask = demand(client);
  EXPECT_EQ(ask.command, kDmaWrite);
  EXPECT_EQ(ask.size, 40u);
  EXPECT_EQ(ask.u64(0), 0x1238u);
  EXPECT_EQ(ask.u64(8), 8u);
  EXPECT_EQ(ask.u64(16), 0x1122334455667788u);
  client.answer(ask, Bytes().u64(0x1238).u64(8));
  steps(5);
  EXPECT_EQ(config(0, 4), kId);
  EXPECT_EQ(map(0x10000, 0x1000, nullptr, 0, 1), 0u);
  dma_write(0x10000, 1);  // read-only
  EXPECT_EQ(faults(), 1u);
}

TEST_F(Dma, HalfInAFileAndHalfByMessage) {
  EXPECT_EQ(map(0, 0x10000, &ram), 0u);
  EXPECT_EQ(map(0x10000, 0x10000, nullptr), 0u);
  store(ram, 0xfff8, 0x1111);
  const auto read = start_read(0xfff8, 16);
  const Received ask = demand(client);
  EXPECT_EQ(ask.u64(0), 0x10000u);
  EXPECT_EQ(ask.u64(8), 8u);
  client.answer(ask, Bytes().u64(0x10000).u64(8).u64(0x2222));
  ASSERT_TRUE(until([&] { return read->status.has_value(); }));
  EXPECT_EQ(read->u64(), 0x1111u);
  EXPECT_EQ(static_cast<int>(read->bytes[8]), 0x22);
}

TEST_F(Dma, MessagesAreNoLargerThanTheClientTakes) {
  client.close();
  ASSERT_TRUE(until([&] { return server->clients() == 0 && !server->waiting(); }));
  ASSERT_TRUE(client.connect(path()));
  ASSERT_FALSE(
      call(kVersion, Bytes().u16(0).u16(0).text(R"({"capabilities":{"max_data_xfer_size":4096}})")).is_error());
  enable();
  EXPECT_EQ(map(0, kMiB, nullptr), 0u);
  const auto read = start_read(0x100, 10000);
  std::uint64_t at = 0x100;
  for (const std::uint64_t part : {4096u, 4096u, 1808u}) {
    const Received ask = demand(client);
    EXPECT_EQ(ask.u64(0), at);
    EXPECT_EQ(ask.u64(8), part);
    client.answer(ask, Bytes().u64(at).u64(part).fill(part, 1));
    at += part;
  }
  ASSERT_TRUE(until([&] { return read->status.has_value(); }));
  EXPECT_EQ(read->status, DmaStatus::kOk);
}

TEST_F(Dma, AnswersThatDoNotFitCloseTheClient) {
  const std::vector<std::function<void(const Received&)>> wrong = {
      [&](const Received& ask) { client.answer(ask, Bytes().u64(0x1008).u64(8).u64(1)); },
      [&](const Received& ask) { client.answer(ask, Bytes().u64(0x1000).u64(16).fill(16)); },
      [&](const Received& ask) { client.answer(ask, Bytes().u64(0x1000).u64(8).fill(7)); },
      [&](const Received& ask) { client.answer(ask, Bytes().u64(0x1000).u64(8).fill(9)); },
      [&](const Received& ask) { client.answer(ask, Bytes()); },
      [&](Received ask) {
        ask.command = kDmaWrite;
        client.answer(ask, Bytes().u64(0x1000).u64(8));
      },
      [&](Received ask) {
        ask.id = static_cast<std::uint16_t>(ask.id + 1);
        client.answer(ask, Bytes().u64(0x1000).u64(8).u64(1));
      },
      [&](const Received& ask) {
        client.answer(ask, Bytes().u64(0x1000).u64(8).u64(1));
        client.answer(ask, Bytes().u64(0x1000).u64(8).u64(1));
      },
  };
  for (const auto& answer : wrong) {
    EXPECT_EQ(map(0, 0x10000, nullptr), 0u);
    const auto read = start_read(0x1000, 8);
    answer(demand(client));
    EXPECT_TRUE(until([&] { return client.closed(); }));
    ASSERT_TRUE(until([&] { return server->clients() == 0 && !server->waiting(); }));
    connect(client);
    enable();
  }
  EXPECT_EQ(count("vfio_user.fn0.clients_closed"), wrong.size());
}

TEST_F(Dma, AReadThatIsAbandonedByAResetMayStillBeAnswered) {
  EXPECT_EQ(map(0, 0x10000, nullptr), 0u);
  const auto read = start_read(0x1000, 8);
  const Received ask = demand(client);
  EXPECT_EQ(error_of(kReset, Bytes()), 0u);
  client.answer(ask, Bytes().u64(0x1000).u64(8).u64(1));
  steps(10);
  EXPECT_FALSE(read->status);
  EXPECT_EQ(config(0, 4), kId);
}

TEST_F(Dma, AClientThatNeverAnswersIsClosed) {
  EXPECT_EQ(map(0, 0x10000, nullptr), 0u);
  for (unsigned i = 0; i < 40000 && server->clients() == 1; ++i) {
    dma_write(0x1000, i);
    if (i % 256 == 0) {
      step();
      while (client.receive()) {
      }
    }
  }
  EXPECT_TRUE(until([&] { return client.closed(); }));
  EXPECT_EQ(count("vfio_user.fn0.clients_closed"), 1u);
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
