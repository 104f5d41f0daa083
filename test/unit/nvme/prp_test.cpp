#include "models/nvme/prp.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <vector>

namespace cardvp {

// Found by the test framework where DmaSegment is.
static bool operator==(const DmaSegment& a, const DmaSegment& b) { return a.address == b.address && a.size == b.size; }
static void PrintTo(const DmaSegment& segment, std::ostream* out) {
  *out << std::hex << segment.address << std::dec << "+" << segment.size;
}

}  // namespace cardvp

namespace cardvp::nvme {
namespace {

constexpr std::uint64_t kPage = 4096;

// Memory of qwords, for PRP lists; what was never set is not there.
class ListMemory : public DmaPort {
 public:
  explicit ListMemory(Scheduler& scheduler) : scheduler_(scheduler) {}
  std::map<std::uint64_t, std::uint64_t> qwords;
  std::vector<DmaSegment> reads;

  bool write(std::uint64_t, std::span<const std::byte>) override { return false; }
  bool post(std::uint64_t, std::span<const std::byte>) override { return false; }

 protected:
  void start(DmaRead& read) override {
    reads.insert(reads.end(), read.segments().begin(), read.segments().end());
    read.settle_at(scheduler_.now() + sc_core::sc_time(1, sc_core::SC_US));
  }
  void abandon(DmaRead&) override {}
  DmaStatus settle(DmaRead& read) override {
    const DmaSegment segment = read.segments().front();
    for (std::uint64_t at = 0; at < segment.size; at += 8) {
      const auto found = qwords.find(segment.address + at);
      if (found == qwords.end()) return DmaStatus::kUnsupportedRequest;
      std::memcpy(read.buffer() + at, &found->second, 8);
    }
    return DmaStatus::kOk;
  }
  Scheduler& scheduler_of_port() override { return scheduler_; }

 private:
  Scheduler& scheduler_;
};

struct Prps : testing::Test {
  Scheduler scheduler{"scheduler"};
  ListMemory memory{scheduler};
  Segments segments;

  std::vector<DmaSegment> seen() const { return {segments.view().begin(), segments.view().end()}; }

  Status resolve(std::uint64_t prp1, std::uint64_t prp2, std::uint32_t bytes) {
    segments = {};
    if (!needs_prp_list(prp1, bytes)) return resolve_prps(prp1, prp2, bytes, segments);
    Status status = 0xffff;
    TaskScope scope(scheduler);
    scope.spawn([](Prps& t, std::uint64_t first, std::uint64_t list, std::uint32_t size, Status& out) -> Task<> {
      out = co_await resolve_prp_list(t.memory, first, list, size, t.segments);
    }(*this, prp1, prp2, bytes, status));
    sc_core::sc_start();
    EXPECT_EQ(scope.size(), 0u);
    return status;
  }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const DmaSegment& segment : segments.view()) sum += segment.size;
    return sum;
  }
};
using Pieces = std::vector<DmaSegment>;

TEST_F(Prps, OnePage) {
  EXPECT_EQ(resolve(0x5000, 0xdead, 4096), status::kSuccess);  // PRP2 is reserved then
  EXPECT_EQ(seen(), (Pieces{{0x5000, 4096}}));
  EXPECT_EQ(resolve(0x5ffc, 0xdead, 4), status::kSuccess);
  EXPECT_EQ(seen(), (Pieces{{0x5ffc, 4}}));
}

TEST_F(Prps, TwoPagesByOffsetOrLength) {
  EXPECT_EQ(resolve(0x5e00, 0x9000, 4096), status::kSuccess);
  EXPECT_EQ(seen(), (Pieces{{0x5e00, 512}, {0x9000, 3584}}));
  EXPECT_EQ(resolve(0x5000, 0x9000, 8192), status::kSuccess);
  EXPECT_EQ(seen(), (Pieces{{0x5000, 4096}, {0x9000, 4096}}));
  EXPECT_TRUE(memory.reads.empty());
}

TEST_F(Prps, NeighboursAreMergedButNotAcrossTheEndOfTheAddressSpace) {
  EXPECT_EQ(resolve(0x5e00, 0x6000, 4096), status::kSuccess);
  EXPECT_EQ(seen(), (Pieces{{0x5e00, 4096}}));
  EXPECT_EQ(resolve(~0ull << 12, 0, 8192), status::kSuccess);
  EXPECT_EQ(seen(), (Pieces{{~0ull << 12, 4096}, {0, 4096}}));
}

TEST_F(Prps, InvalidOffsets) {
  EXPECT_EQ(resolve(0x5002, 0, 512), status::kPrpOffsetInvalid);
  EXPECT_EQ(resolve(0x5000, 0x9004, 8192), status::kPrpOffsetInvalid);
  EXPECT_EQ(resolve(0x5001, 0x9000, 16384), status::kPrpOffsetInvalid);
  EXPECT_EQ(resolve(0x5000, 0x9004, 16384), status::kPrpOffsetInvalid);  // a list is qword aligned
  EXPECT_TRUE(memory.reads.empty());
  memory.qwords = {{0x9000, 0x20000}, {0x9008, 0x21008}};
  EXPECT_EQ(resolve(0x5000, 0x9000, 12288), status::kPrpOffsetInvalid);
}

TEST_F(Prps, ListOfThreePages) {
  memory.qwords = {{0x9010, 0x20000}, {0x9018, 0x30000}};
  EXPECT_EQ(resolve(0x5800, 0x9010, 2048 + 4096 + 100), status::kSuccess);
  EXPECT_EQ(seen(), (Pieces{{0x5800, 2048}, {0x20000, 4096}, {0x30000, 100}}));
  ASSERT_EQ(memory.reads.size(), 1u);
  EXPECT_EQ(memory.reads[0], (DmaSegment{0x9010, 16}));  // no more than is needed
}

TEST_F(Prps, TheLastEntryOfAPageIsDataIfTheListEndsThere) {
  memory.qwords = {{0x9ff0, 0x20000}, {0x9ff8, 0x30000}};
  EXPECT_EQ(resolve(0x5000, 0x9ff0, 3 * kPage), status::kSuccess);
  EXPECT_EQ(seen(), (Pieces{{0x5000, 4096}, {0x20000, 4096}, {0x30000, 4096}}));
}

TEST_F(Prps, TheLastEntryOfAPageIsAPointerIfTheListGoesOn) {
  memory.qwords = {{0x9ff0, 0x20000}, {0x9ff8, 0xa000}, {0xa000, 0x30000}, {0xa008, 0x40000}};
  EXPECT_EQ(resolve(0x5000, 0x9ff0, 4 * kPage), status::kSuccess);
  EXPECT_EQ(seen(), (Pieces{{0x5000, 4096}, {0x20000, 4096}, {0x30000, 4096}, {0x40000, 4096}}));
  // A list that begins with a pointer.
  EXPECT_EQ(resolve(0x5000, 0x9ff8, 3 * kPage), status::kSuccess);
  EXPECT_EQ(seen(), (Pieces{{0x5000, 4096}, {0x30000, 4096}, {0x40000, 4096}}));
}

TEST_F(Prps, LargestTransferWithOffset) {
  for (std::uint64_t i = 0; i < 256; ++i) memory.qwords[0x9000 + i * 8] = 0x100000 + i * 2 * kPage;
  EXPECT_EQ(resolve(0x5ffc, 0x9000, kMaxTransfer), status::kSuccess);
  EXPECT_EQ(segments.view().size(), 257u);
  EXPECT_EQ(total(), kMaxTransfer);
  EXPECT_EQ(segments.view().back(), (DmaSegment{0x100000 + 255 * 2 * kPage, kPage - 4}));
}

TEST_F(Prps, ContiguousListBecomesOneSegment) {
  for (std::uint64_t i = 0; i < 256; ++i) memory.qwords[0x9000 + i * 8] = 0x101000 + i * kPage;
  EXPECT_EQ(resolve(0x100000, 0x9000, kMaxTransfer), status::kSuccess);
  EXPECT_EQ(seen(), (Pieces{{0x100000, kMaxTransfer}}));
}

TEST_F(Prps, UnreadableList) {
  memory.qwords = {{0x9ff0, 0x20000}, {0x9ff8, 0xa000}};
  EXPECT_EQ(resolve(0x5000, 0x8000, 3 * kPage), status::kDataTransferError);
  EXPECT_EQ(resolve(0x5000, 0x9ff0, 4 * kPage), status::kDataTransferError);  // the second list
  EXPECT_EQ(resolve(0x5000, ~7ull, 3 * kPage), status::kDataTransferError);   // the last qword there is
}

TEST_F(Prps, ListsInCirclesEnd) {
  // The last entry of the page points to the page itself, or is a pointer that points to itself.
  for (std::uint64_t i = 0; i < 512; ++i) memory.qwords[0x9000 + i * 8] = 0x9000;
  EXPECT_EQ(resolve(0x5000, 0x9ff8, kMaxTransfer), status::kSuccess);
  EXPECT_EQ(total(), kMaxTransfer);
  EXPECT_EQ(memory.reads.size(), 2u);
  memory.qwords[0x9ff8] = 0x9ff8;
  memory.reads.clear();
  EXPECT_EQ(resolve(0x5000, 0x9ff8, kMaxTransfer), status::kPrpOffsetInvalid);
  EXPECT_EQ(memory.reads.size(), 1u);
}

}  // namespace
}  // namespace cardvp::nvme
