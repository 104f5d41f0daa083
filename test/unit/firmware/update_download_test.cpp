// NVMe 1.4, 5.12: Firmware Image Download.
#include <gtest/gtest.h>

#include "firmware/controller/nvme_spec.h"
#include "test/unit/firmware/console_fake.h"
#include "test/unit/firmware/update_card.h"

namespace cardvp {
namespace {

constexpr std::uint32_t kNew = 0x00030000;
constexpr std::uint32_t kMostDwords = UPDATE_MOST_BYTES / 4;

struct Download : testing::Test {
  std::vector<std::uint8_t> piece(std::size_t bytes) const { return std::vector<std::uint8_t>(bytes, 0x5a); }
  UpdateCard card;
};

TEST_F(Download, PiecesInAnyOrderAndSize) {
  const auto package = UpdateCard::package(kNew, 70001);
  const std::uint32_t cuts[] = {0, 4, 8, 300, 1028, 4096, 40000, 70312, 70316};
  for (const unsigned i : {7u, 2u, 0u, 5u, 1u, 6u, 4u, 3u}) {
    const auto end = std::min<std::size_t>(package.size(), cuts[i + 1]);
    EXPECT_EQ(card.download_piece(3, {package.begin() + cuts[i], package.begin() + static_cast<std::ptrdiff_t>(end)},
                                  cuts[i]),
              unsigned{NVME_SUCCESS});
  }
  EXPECT_EQ(card.commit(3, 0, 2), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.slot(1, package.size()), package);
}

TEST_F(Download, OverlapsAreRefusedBeforeDataIsFetched) {
  ASSERT_EQ(card.download_piece(3, piece(4096), 8192), unsigned{NVME_SUCCESS});
  for (const auto& [offset, bytes] :
       {std::pair{8192u, 4096u}, {8192u, 4u}, {12284u, 4u}, {8188u, 8u}, {12284u, 8u}, {0u, 65536u}, {10000u, 40u}}) {
    EXPECT_EQ(card.download_piece(3, piece(bytes), offset), unsigned{NVME_OVERLAPPING_RANGE}) << offset;
    EXPECT_TRUE(card.fetches.empty());
  }
  EXPECT_EQ(card.download_piece(3, piece(8192), 0), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.download_piece(3, piece(4), 12288), unsigned{NVME_SUCCESS});
}

TEST_F(Download, WhatIsBeingFetchedOverlapsToo) {
  EXPECT_EQ(update_download(&card.firmware, 3, 90, 0, 16), unsigned{NVME_LATER});
  EXPECT_EQ(update_download(&card.firmware, 3, 91, 15, 1), unsigned{NVME_OVERLAPPING_RANGE});
  EXPECT_EQ(update_download(&card.firmware, 3, 92, 16, 1), unsigned{NVME_LATER});
}

TEST_F(Download, EveryBitOfTheMapCounts) {
  // Single dwords around the words of the map, each of which is there or not.
  for (std::uint32_t dword = 0; dword < 200; dword += 2)
    ASSERT_EQ(card.download_piece(3, piece(4), 4 * dword), unsigned{NVME_SUCCESS});
  for (std::uint32_t dword = 0; dword < 200; ++dword)
    ASSERT_EQ(card.download_piece(3, piece(4), 4 * dword),
              dword % 2 ? unsigned{NVME_SUCCESS} : unsigned{NVME_OVERLAPPING_RANGE})
        << dword;
}

TEST_F(Download, NothingBeyondTheStagingArea) {
  EXPECT_EQ(update_download(&card.firmware, 3, 1, kMostDwords, 1), unsigned{NVME_INVALID_FIELD});
  EXPECT_EQ(update_download(&card.firmware, 3, 1, kMostDwords - 1, 2), unsigned{NVME_INVALID_FIELD});
  EXPECT_EQ(update_download(&card.firmware, 3, 1, 0, std::uint64_t{kMostDwords} + 1), unsigned{NVME_INVALID_FIELD});
  EXPECT_EQ(update_download(&card.firmware, 3, 1, 0xffffffff, 1), unsigned{NVME_INVALID_FIELD});
  EXPECT_EQ(update_download(&card.firmware, 3, 1, 1, 1ull << 32), unsigned{NVME_INVALID_FIELD});
  EXPECT_TRUE(card.fetches.empty());
  EXPECT_EQ(card.firmware.owner, UPDATE_NO_FUNCTION);  // a command that is refused takes nothing
  EXPECT_EQ(update_download(&card.firmware, 3, 1, kMostDwords - 1, 1), unsigned{NVME_LATER});
  EXPECT_EQ(update_download(&card.firmware, 3, 2, 0, kMostDwords - 1), unsigned{NVME_LATER});
}

TEST_F(Download, LargestPackage) {
  const auto package = UpdateCard::package(kNew, 0xfc000);  // what the memory has room for
  card.download(3, package, 1 << 20);
  EXPECT_EQ(card.commit(3, 0, 2), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.slot(1, package.size()), package);
}

TEST_F(Download, DataThatCannotBeFetched) {
  ASSERT_EQ(update_download(&card.firmware, 3, 7, 0, 1024), unsigned{NVME_LATER});
  update_fetched(&card.firmware, 3, 7, NVME_INVALID_PRP_OFFSET);
  EXPECT_EQ(card.status_of(7), unsigned{NVME_INVALID_PRP_OFFSET});
  card.fetches.clear();
  // As if it had never been asked for: the piece may come again, and is missing if it does not.
  EXPECT_EQ(card.commit(3, 0, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});
  card.download(3, UpdateCard::package(kNew, 5000));
  EXPECT_EQ(card.commit(3, 0, 2), unsigned{NVME_SUCCESS});
}

TEST_F(Download, AsManyAtATimeAsTheEngineHandsOut) {
  for (std::uint32_t i = 0; i < NVME_ADMIN_LIMIT; ++i)
    EXPECT_EQ(update_download(&card.firmware, 3, 100 + i, i, 1), unsigned{NVME_LATER});
  EXPECT_EQ(update_download(&card.firmware, 3, 99, NVME_ADMIN_LIMIT, 1), unsigned{NVME_UPDATE_BUSY});
  for (std::uint32_t i = NVME_ADMIN_LIMIT; i-- > 0;) update_fetched(&card.firmware, 3, 100 + i, NVME_SUCCESS);
  EXPECT_EQ(card.ended.size(), std::size_t{NVME_ADMIN_LIMIT});
  EXPECT_EQ(card.firmware.bytes, 4u * NVME_ADMIN_LIMIT);
}

TEST_F(Download, OneOwnerAtATime) {
  ASSERT_EQ(card.download_piece(3, piece(512), 0), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.download_piece(4, piece(512), 512), unsigned{NVME_UPDATE_BUSY});
  EXPECT_EQ(card.commit(4, 0, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});  // it has sent none
  EXPECT_EQ(card.download_piece(3, piece(512), 512), unsigned{NVME_SUCCESS});
  update_function_reset(&card.firmware, 4);  // not the owner
  EXPECT_EQ(card.download_piece(4, piece(512), 1024), unsigned{NVME_UPDATE_BUSY});
  update_function_reset(&card.firmware, 3);
  EXPECT_EQ(card.download_piece(4, piece(512), 0), unsigned{NVME_SUCCESS});
  update_function_gone(&card.firmware, 4);
  EXPECT_EQ(card.download_piece(3, piece(512), 0), unsigned{NVME_SUCCESS});
}

TEST_F(Download, ResetDropsWhatWasSent) {
  const auto package = UpdateCard::package(kNew, 5000);
  card.download(3, package);
  update_function_reset(&card.firmware, 3);
  EXPECT_EQ(card.commit(3, 0, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});
  card.download(3, package);  // no overlap
  EXPECT_EQ(card.commit(3, 0, 2), unsigned{NVME_SUCCESS});
}

TEST_F(Download, DataFromBeforeAResetIsNone) {
  ASSERT_EQ(update_download(&card.firmware, 3, 7, 0, 1024), unsigned{NVME_LATER});
  update_function_reset(&card.firmware, 3);
  update_fetched(&card.firmware, 3, 7, NVME_SUCCESS);
  ASSERT_EQ(update_download(&card.firmware, 3, 8, 0, 1024), unsigned{NVME_LATER});
  update_fetched(&card.firmware, 3, 7, NVME_SUCCESS);  // still the old one
  update_fetched(&card.firmware, 4, 8, NVME_SUCCESS);  // another function's tag
  EXPECT_TRUE(card.ended.empty());
  EXPECT_EQ(card.firmware.bytes, 0u);
  update_fetched(&card.firmware, 3, 8, NVME_SUCCESS);
  EXPECT_EQ(card.firmware.bytes, 4096u);
}

TEST_F(Download, TheFirstAfterACommitBeginsAnew) {
  const auto package = UpdateCard::package(kNew, 5000);
  card.download(3, package);
  EXPECT_EQ(card.commit(3, 0, 1), unsigned{NVME_INVALID_FIRMWARE_SLOT});  // the one that runs
  card.download(3, package);
  EXPECT_EQ(card.commit(3, 0, 7), unsigned{NVME_INVALID_FIRMWARE_SLOT});
  EXPECT_EQ(card.download_piece(4, piece(512), 0), unsigned{NVME_SUCCESS});  // another one may, too
  EXPECT_EQ(card.commit(3, 0, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});
}

TEST_F(Download, RefusedDownloadKeepsWhatIsStaged) {
  const auto package = UpdateCard::package(kNew, 5000);
  card.download(3, package);
  EXPECT_EQ(card.commit(3, 0, 1), unsigned{NVME_INVALID_FIRMWARE_SLOT});
  EXPECT_EQ(update_download(&card.firmware, 4, 1, kMostDwords, 1), unsigned{NVME_INVALID_FIELD});
  EXPECT_EQ(card.commit(3, 0, 2), unsigned{NVME_SUCCESS});
}

TEST_F(Download, NoMemoryNoUpdate) {
  card.port.staging = nullptr;
  EXPECT_EQ(update_download(&card.firmware, 3, 1, 0, 1), unsigned{NVME_INTERNAL_ERROR});
  EXPECT_EQ(update_commit(&card.firmware, 3, 1, 2, 2), unsigned{NVME_INTERNAL_ERROR});
}

}  // namespace
}  // namespace cardvp
