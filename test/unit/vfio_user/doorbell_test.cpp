// Doorbells that the client maps.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/unit/vfio_user/served.h"

namespace cardvp::host::vfio_user::test {
namespace {

constexpr std::uint64_t kPage = 0x1000;

struct Doorbell : Served {
  explicit Doorbell(const ServerConfig& config = {}) : Served(config) {}

  void SetUp() override {
    Served::SetUp();
    server->withdraw(found[0]);
    ASSERT_TRUE(until([&] { return !server->waiting(); }));
    server->offer(found[0], "fn0", DoorbellArea{0, kPage, 4096});
    ASSERT_TRUE(until([&] { return !server->waiting(); }));
    connect(client);
    enable();
  }
  void TearDown() override {
    for (std::uint32_t* const page : pages) ::munmap(page, 4096);
    Served::TearDown();
  }
  static Bytes ask(std::uint32_t room, std::uint32_t region = 0) {
    return Bytes().u32(room).u32(0).u32(region).u32(0).u64(0).u64(0).raw(std::vector<std::byte>(room - 32));
  }
  std::uint32_t* map_page(Client& of) {
    EXPECT_FALSE(call(of, kGetRegionInfo, ask(64)).is_error());
    void* const at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, of.file().get(), kPage);
    EXPECT_NE(at, MAP_FAILED);
    pages.push_back(static_cast<std::uint32_t*>(at));
    return pages.back();
  }
  const std::vector<Engine::Write>& writes() const { return engines[0]->writes; }

  std::vector<std::uint32_t*> pages;
};

TEST_F(Doorbell, TheRegionSaysWhatMayBeMapped) {
  const Received small = call(kGetRegionInfo, ask(32));
  EXPECT_EQ(small.payload.size(), 32u);
  EXPECT_EQ(small.u32(0), 64u);
  EXPECT_EQ(small.u32(4), 0xfu);
  EXPECT_EQ(small.u32(12), 32u);
  EXPECT_LT(client.file().get(), 0) << "a file that nobody expects would leak";
  const Received whole = call(kGetRegionInfo, ask(64));
  ASSERT_EQ(whole.payload.size(), 64u);
  EXPECT_EQ(whole.u64(16), kBar0);
  EXPECT_EQ(whole.u32(32), 0x00010001u);  // sparse mappings, version 1
  EXPECT_EQ(whole.u32(36), 0u);
  EXPECT_EQ(whole.u32(40), 1u);
  EXPECT_EQ(whole.u64(48), kPage);
  EXPECT_EQ(whole.u64(56), 4096u);
  struct stat status {};
  ASSERT_EQ(::fstat(client.file().get(), &status), 0);
  EXPECT_GE(status.st_size, static_cast<off_t>(kPage + 4096));
  EXPECT_EQ(call(kGetRegionInfo, ask(64, 2)).u32(4), 3u);
}

TEST_F(Doorbell, AStoreRingsOnce) {
  std::uint32_t* const page = map_page(client);
  page[2] = 7;
  page[1023] = 9;
  steps(3);
  const std::vector<Engine::Write> both = {{0, kPage + 8, 7, 4}, {0, kPage + 4092, 9, 4}};
  EXPECT_EQ(writes(), both);
  steps(3);
  EXPECT_EQ(writes().size(), 2u);
  page[2] = 7;  // the same again is another one
  steps(3);
  EXPECT_EQ(writes().size(), 3u);
  EXPECT_EQ(server->doorbells(), 3u);
}

TEST_F(Doorbell, AStoreComesBeforeTheCommandBehindIt) {
  std::uint32_t* const page = map_page(client);
  for (const unsigned value : {1u, 3u}) {
    page[0] = value;
    post(0, 0x14, value + 1, 4);
    steps(3);
  }
  std::vector<std::uint64_t> values;
  for (const Engine::Write& each : writes()) values.push_back(each.value);
  EXPECT_EQ(values, (std::vector<std::uint64_t>{1, 2, 3, 4}));
}

// More than the link takes at once.
TEST_F(Doorbell, ManyArrive) {
  std::uint32_t* const page = map_page(client);
  for (unsigned i = 0; i < 1024; ++i) page[i] = i;
  steps(2);
  for (unsigned i = 0; i < 1024; ++i) page[i] = i;
  EXPECT_TRUE(until([&] { return writes().size() >= 1024 && page[1023] == ~0u; }));
}

TEST_F(Doorbell, ThePageOfOneThatLeftRingsNothing) {
  std::uint32_t* const before = map_page(client);
  client.close();
  EXPECT_TRUE(until([&] { return server->clients() == 1 || !server->waiting(); }));
  Client next;
  connect(next);
  call(next, kRegionWrite, access(4, 7, 2).u16(6));
  std::uint32_t* const page = map_page(next);
  before[0] = 5;
  steps(3);
  EXPECT_TRUE(writes().empty());
  page[0] = 6;
  steps(3);
  EXPECT_EQ(writes().size(), 1u);
}

TEST_F(Doorbell, TheFileKeepsItsLength) {
  map_page(client);
  EXPECT_NE(::ftruncate(client.file().get(), 0), 0);
  EXPECT_NE(::ftruncate(client.file().get(), 1 << 20), 0);
}

TEST_F(Doorbell, OnlyPagesOfTheirOwn) {
  server->withdraw(found[1]);
  for (const DoorbellArea& area :
       {DoorbellArea{0, 0x800, 4096}, DoorbellArea{0, 0x1000, 100}, DoorbellArea{0, 0x1000, 0},
        DoorbellArea{0, 0x1000, 0x2000}, DoorbellArea{0, 0x3000, 0x1000}, DoorbellArea{0, 0x4000, 0x1000},
        DoorbellArea{9, 0, 4096}, DoorbellArea{1, 0, 4096}, DoorbellArea{2, ~0xfffull, 0x1000}})
    EXPECT_THROW(server->offer(found[1], "again", area), std::invalid_argument) << area.offset;
}

TEST_F(Doorbell, WaitFindsThem) {
  std::uint32_t* const page = map_page(client);
  const std::uint64_t before = server->demands();
  server->wait(std::chrono::microseconds(1));
  page[0] = 1;
  server->wait(std::chrono::seconds(100));
  EXPECT_EQ(server->demands(), before + 1);
}

struct Gap : Doorbell {
  Gap() : Doorbell({.interrupt_gap = std::chrono::hours(1)}) {}
};

TEST_F(Gap, HoldsInterruptsBackButNotBehindAnAnswer) {
  File event = test::event();
  set_config(kMsix + 2, 0x8000, 2);
  ASSERT_EQ(set_irqs(2, 0x24, 0, 1, {&event}), 0u);
  functions[0]->interrupt(0);
  steps(2);
  ASSERT_EQ(events(event), 1u);
  functions[0]->interrupt(0);
  functions[0]->interrupt(0);
  steps(5);
  EXPECT_EQ(events(event), 0u);
  read(0, 0, 4);
  EXPECT_EQ(events(event), 1u);
}

}  // namespace
}  // namespace cardvp::host::vfio_user::test
