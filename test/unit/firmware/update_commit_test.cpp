// NVMe 1.4, 5.11 and 8.1: Firmware Commit, and what of the flash it leaves behind at every step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "firmware/controller/nvme_spec.h"
#include "test/unit/firmware/console_fake.h"
#include "test/unit/firmware/update_card.h"

namespace cardvp {
namespace {

using testing::HasSubstr;

enum Action : unsigned { kPlace = 0, kPlaceForReset = 1, kForReset = 2, kNow = 3 };

constexpr std::uint32_t kNew = 0x00030001;         // 0.3.1
constexpr std::uint32_t kOtherMajor = 0x01000000;  // 1.0.0

struct Commit : testing::Test {
  Commit() : package(UpdateCard::package(kNew, 300001)), before(card.flash) {}
  void download() { card.download(3, package, 128 * 1024); }
  std::string slot_text(unsigned slot) const {
    const auto page = card.log_page();
    return {page.begin() + slot * 8, page.begin() + slot * 8 + 8};
  }

  UpdateCard card;
  std::vector<std::uint8_t> package;
  std::vector<std::uint8_t> before;
};

TEST_F(Commit, WithoutDownload) {
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});
  EXPECT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});
  EXPECT_EQ(card.commit(3, kForReset, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});  // nothing is in the slot
  EXPECT_EQ(card.commit(3, kNow, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});
  EXPECT_EQ(card.flash, before);
  EXPECT_TRUE(card.activations.empty());
}

TEST_F(Commit, ActionsThatDoNotExist) {
  download();
  for (unsigned action = 4; action < 8; ++action)
    EXPECT_EQ(card.commit(3, action, 2), unsigned{NVME_INVALID_FIELD}) << action;
  EXPECT_EQ(card.flash, before);
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_SUCCESS});  // the package is still there
}

TEST_F(Commit, SlotsThatCannotBe) {
  download();
  for (const unsigned slot : {1u, 3u, 4u, 5u, 6u, 7u}) {
    for (const unsigned action : {kPlace, kPlaceForReset, kNow})
      EXPECT_EQ(card.commit(3, action, slot), unsigned{NVME_INVALID_FIRMWARE_SLOT}) << slot;
    if (slot != 1) {
      EXPECT_EQ(card.commit(3, kForReset, slot), unsigned{NVME_INVALID_FIRMWARE_SLOT}) << slot;
    }
  }
  EXPECT_EQ(card.flash, before);
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_SUCCESS});
}

TEST_F(Commit, PlaceChangesNothingElse) {
  download();
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.slot(1, package.size()), package);
  EXPECT_EQ(card.slot(0, 100000), std::vector<std::uint8_t>(before.begin(), before.begin() + 100000));
  EXPECT_EQ(card.record().sequence, 0u);
  EXPECT_EQ(card.log_page()[0], 0x01);
  EXPECT_EQ(slot_text(1), "0.2.0   ");
  EXPECT_EQ(slot_text(2), "0.3.1   ");
  update_function_reset(&card.firmware, 3);
  card.work();
  EXPECT_TRUE(card.activations.empty());
  EXPECT_EQ(card.boots(), UpdateCard::kVersion);
}

TEST_F(Commit, SlotZeroIsTheOneThatDoesNotRun) {
  download();
  EXPECT_EQ(card.commit(3, kPlace, 0), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.slot(1, package.size()), package);
}

TEST_F(Commit, OverAnImageThatWasThere) {
  card.put(1, UpdateCard::package(0x00010000, 500000));
  download();
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.slot(1, package.size()), package);
}

TEST_F(Commit, ForTheNextReset) {
  download();
  EXPECT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.record().slot, 1u);
  EXPECT_EQ(card.log_page()[0], 0x21);  // slot 2 is next
  EXPECT_EQ(card.boots(), kNew);
  update_function_reset(&card.firmware, 4);  // another controller's reset
  card.work();
  EXPECT_TRUE(card.activations.empty());
  update_function_reset(&card.firmware, 3);
  card.work();
  ASSERT_EQ(card.activations.size(), 1u);
  EXPECT_EQ(card.activations[0].slot, 1u);
  EXPECT_FALSE(card.activations[0].commit.waits);
}

TEST_F(Commit, WhatIsInTheSlotForTheNextReset) {
  card.put(1, package);
  EXPECT_EQ(card.commit(3, kForReset, 2), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.record().slot, 1u);
  EXPECT_EQ(card.log_page()[0], 0x21);
  // And back to the one that runs.
  EXPECT_EQ(card.commit(3, kForReset, 1), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.record().slot, 0u);
  EXPECT_EQ(card.record().sequence, 2u);
  EXPECT_EQ(card.log_page()[0], 0x01);
  update_function_reset(&card.firmware, 3);
  card.work();
  EXPECT_TRUE(card.activations.empty());
}

TEST_F(Commit, RefusedAtTheReset) {
  download();
  EXPECT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_SUCCESS});
  card.activation_fault = IMAGE_BAD_SIGNATURE;
  update_function_reset(&card.firmware, 3);
  card.work();
  EXPECT_EQ(card.activations.size(), 1u);
  EXPECT_EQ(card.record().slot, 0u);
  EXPECT_EQ(card.log_page()[0], 0x01);
  EXPECT_EQ(card.commit(3, kForReset, 1), unsigned{NVME_SUCCESS});  // and it goes on
}

TEST_F(Commit, AFunctionThatIsGoneLeavesItToTheCard) {
  download();
  EXPECT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_SUCCESS});
  update_function_gone(&card.firmware, 3);
  update_function_reset(&card.firmware, 3);  // attached anew, and reset
  card.work();
  EXPECT_TRUE(card.activations.empty());
  EXPECT_EQ(card.boots(), kNew);
}

TEST_F(Commit, NowIsCompletedByTheNewFirmware) {
  download();
  const std::uint32_t tag = card.next_tag++;
  ASSERT_EQ(update_commit(&card.firmware, 3, tag, kNow, 2), unsigned{NVME_LATER});
  for (unsigned steps = 0; card.activations.empty() && steps < 1000; ++steps) update_step(&card.firmware);
  ASSERT_EQ(card.activations.size(), 1u);
  EXPECT_EQ(card.activations[0].slot, 1u);
  EXPECT_EQ(card.boots(), UpdateCard::kVersion);  // should the new one die
  card.ended.clear();

  update next{};
  update_init(&next, &card.port, kNew, 1);
  update_resume(&next, &card.activations[0].commit);
  EXPECT_EQ(update_download(&next, 3, 77, 0, 1), unsigned{NVME_UPDATE_BUSY});  // not before it is done
  while (update_step(&next)) continue;
  EXPECT_EQ(card.status_of(tag), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.boots(), kNew);
  std::vector<std::uint8_t> page(512);
  update_slot_log(&next, page.data());
  EXPECT_EQ(page[0], 0x02);
}

TEST_F(Commit, TheNewFirmwareConfirmsItselfThoughTheHostResets) {
  update_init(&card.firmware, &card.port, kNew, 1);
  const update_request commit{9, 3, 1, kNow, 1};
  update_resume(&card.firmware, &commit);
  update_function_reset(&card.firmware, 3);
  card.work();
  EXPECT_EQ(card.record().slot, 1u);
  EXPECT_TRUE(card.ended.empty());
}

TEST_F(Commit, NowRefusedByTheRom) {
  download();
  card.activation_fault = IMAGE_BAD_BODY_DIGEST;
  EXPECT_EQ(card.commit(3, kNow, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});
  EXPECT_EQ(card.activations.size(), 1u);
  EXPECT_EQ(card.record().sequence, 0u);
}

TEST_F(Commit, NowOfWhatIsInTheSlot) {
  card.put(1, package);
  card.commit(3, kNow, 2);
  ASSERT_EQ(card.activations.size(), 1u);
  EXPECT_EQ(card.activations[0].slot, 1u);
  EXPECT_EQ(card.slot(1, package.size()), package);
  card.activations.clear();
  EXPECT_EQ(card.commit(3, kNow, 1), unsigned{NVME_SUCCESS});  // it runs already
  EXPECT_TRUE(card.activations.empty());
}

TEST_F(Commit, AnotherMajorVersionWaitsForTheCard) {
  package = UpdateCard::package(kOtherMajor, 5000);
  for (const unsigned action : {kPlaceForReset, kForReset, kNow}) {
    if (action != kForReset) download();
    EXPECT_EQ(card.commit(3, action, 2), unsigned{NVME_ACTIVATION_NEEDS_CONVENTIONAL_RESET}) << action;
    EXPECT_EQ(card.boots(), kOtherMajor);
    EXPECT_EQ(card.log_page()[0], 0x21);
    update_function_reset(&card.firmware, 3);
    card.work();
    EXPECT_TRUE(card.activations.empty());
  }
}

TEST_F(Commit, OldSecurityVersionIsProhibited) {
  card.lowest_security_version = 2;
  download();
  EXPECT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_ACTIVATION_PROHIBITED});
  EXPECT_EQ(card.flash, before);
  EXPECT_THAT(take_firmware_log(), HasSubstr(image_fault_text(IMAGE_OLD_SECURITY_VERSION)));
  card.put(1, package);
  EXPECT_EQ(card.commit(3, kForReset, 2), unsigned{NVME_ACTIVATION_PROHIBITED});
  EXPECT_EQ(card.commit(3, kNow, 2), unsigned{NVME_ACTIVATION_PROHIBITED});
  EXPECT_TRUE(card.activations.empty());
}

TEST_F(Commit, WhateverTheVerifierFinds) {
  for (int fault = IMAGE_BAD_MAGIC; fault <= IMAGE_ENGINE_FAILED; ++fault) {
    if (fault == IMAGE_OLD_SECURITY_VERSION) continue;
    download();
    take_firmware_log();
    card.signature_fault = static_cast<image_fault>(fault);
    EXPECT_EQ(card.commit(3, kNow, 2),
              fault == IMAGE_ENGINE_FAILED ? unsigned{NVME_INTERNAL_ERROR} : unsigned{NVME_INVALID_FIRMWARE_IMAGE});
    EXPECT_THAT(take_firmware_log(), HasSubstr(image_fault_text(card.signature_fault)));
    card.signature_fault = IMAGE_GOOD;
    EXPECT_EQ(card.commit(3, kNow, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});  // the package was dropped
  }
  EXPECT_EQ(card.flash, before);
  EXPECT_EQ(card.flash_changes, 0u);
  EXPECT_TRUE(card.activations.empty());
}

// As long as each field's end, and some of the body.
TEST_F(Commit, TruncatedPackages) {
  package = UpdateCard::package(kNew, 4000);
  std::vector<std::size_t> lengths;
  for (std::size_t length = 4; length <= sizeof(image_header); length += 4) lengths.push_back(length);
  for (const std::size_t length : {316u, 2048u, 4096u, 4308u}) lengths.push_back(length);
  for (const std::size_t length : lengths) {
    // What is behind it in the staging area is the rest of the good package: nobody may look at it.
    std::copy(package.begin(), package.end(), card.staging.begin());
    card.download(3, {package.begin(), package.begin() + static_cast<std::ptrdiff_t>(length)});
    EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE}) << length;
  }
  EXPECT_EQ(card.flash, before);
}

TEST_F(Commit, PackagesWithGaps) {
  const auto part = [&](std::ptrdiff_t from, std::ptrdiff_t to) {
    EXPECT_EQ(card.download_piece(3, {package.begin() + from, package.begin() + to}, static_cast<std::uint32_t>(from)),
              unsigned{NVME_SUCCESS});
  };
  std::copy(package.begin(), package.end(), card.staging.begin());
  part(4, 300000);
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});
  part(0, 1024);
  part(1028, 300313);
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_INVALID_FIRMWARE_IMAGE});
  EXPECT_EQ(card.flash, before);
}

TEST_F(Commit, PaddingBehindThePackageIsNotProgrammed) {
  auto padded = package;
  padded.resize(padded.size() + 9000, 0x11);
  card.download(3, padded);
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_SUCCESS});
  const auto slot = card.slot(1, package.size() + 4096);
  EXPECT_TRUE(std::equal(package.begin(), package.end(), slot.begin()));
  EXPECT_TRUE(std::all_of(slot.begin() + 300316, slot.end(), [](unsigned byte) { return byte == 0xff; }));
}

TEST_F(Commit, BusyUntilItIsDone) {
  download();
  ASSERT_EQ(update_commit(&card.firmware, 3, 90, kPlace, 2), unsigned{NVME_LATER});
  do {
    EXPECT_EQ(update_commit(&card.firmware, 4, 91, kForReset, 2), unsigned{NVME_UPDATE_BUSY});
    EXPECT_EQ(update_download(&card.firmware, 4, 92, 0, 1), unsigned{NVME_UPDATE_BUSY});
    EXPECT_EQ(update_download(&card.firmware, 3, 93, 0, 1), unsigned{NVME_UPDATE_BUSY});
  } while (update_step(&card.firmware));
  EXPECT_EQ(card.status_of(90), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.download_piece(4, {1, 2, 3, 4}, 0), unsigned{NVME_SUCCESS});
}

TEST_F(Commit, NotWhileDownloadsAreUnderWay) {
  download();
  ASSERT_EQ(update_download(&card.firmware, 3, 90, 100000, 1), unsigned{NVME_LATER});
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_UPDATE_BUSY});
  update_fetched(&card.firmware, 3, 90, NVME_INTERNAL_ERROR);
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_SUCCESS});
}

// The new firmware does not know of them: so they end first, and none begins.
TEST_F(Commit, HandsOverWhenNoDownloadIsUnderWay) {
  card.put(1, package);
  ASSERT_EQ(update_download(&card.firmware, 4, 90, 0, 1), unsigned{NVME_LATER});
  ASSERT_EQ(update_commit(&card.firmware, 3, 91, kNow, 2), unsigned{NVME_LATER});
  card.work();
  EXPECT_TRUE(card.activations.empty());
  EXPECT_EQ(update_download(&card.firmware, 4, 92, 1, 1), unsigned{NVME_UPDATE_BUSY});
  update_fetched(&card.firmware, 4, 90, NVME_SUCCESS);
  card.work();
  EXPECT_EQ(card.activations.size(), 1u);
}

TEST_F(Commit, HandsOverWhenNothingElseIsUnderWay) {
  card.put(1, package);
  card.quiet = false;
  ASSERT_EQ(update_commit(&card.firmware, 3, 91, kNow, 2), unsigned{NVME_LATER});
  card.work();
  EXPECT_TRUE(card.activations.empty());
  card.quiet = true;
  card.work();
  EXPECT_EQ(card.activations.size(), 1u);
}

TEST_F(Commit, AtAResetToo) {
  download();
  ASSERT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_SUCCESS});
  ASSERT_EQ(update_download(&card.firmware, 4, 90, 0, 1), unsigned{NVME_LATER});
  update_function_reset(&card.firmware, 3);
  card.work();
  EXPECT_TRUE(card.activations.empty());
  EXPECT_EQ(update_download(&card.firmware, 4, 92, 1, 1), unsigned{NVME_UPDATE_BUSY});
  EXPECT_EQ(update_commit(&card.firmware, 4, 93, kPlace, 2), unsigned{NVME_UPDATE_BUSY});
  update_function_reset(&card.firmware, 4);  // takes its Download with it
  card.work();
  EXPECT_EQ(card.activations.size(), 1u);
}

TEST_F(Commit, WorkIsInSlices) {
  download();
  ASSERT_EQ(update_commit(&card.firmware, 3, 90, kPlaceForReset, 2), unsigned{NVME_LATER});
  EXPECT_EQ(card.flash_changes, 0u);  // nothing happens in the command itself
  unsigned most = 0;
  for (bool more = true; more;) {
    const unsigned changes = card.flash_changes;
    more = update_step(&card.firmware);
    most = std::max(most, card.flash_changes - changes);
  }
  EXPECT_EQ(most, 1u);
  EXPECT_LE(card.longest_program, std::uint64_t{UPDATE_CHUNK_BYTES});
}

TEST_F(Commit, AResetStopsIt) {
  for (unsigned steps = 0; steps < 12; ++steps) {
    download();
    const std::uint32_t tag = card.next_tag++;
    ASSERT_EQ(update_commit(&card.firmware, 3, tag, kPlaceForReset, 2), unsigned{NVME_LATER});
    for (unsigned i = 0; i < steps; ++i) ASSERT_TRUE(update_step(&card.firmware));
    update_function_reset(&card.firmware, 3);
    card.work();
    EXPECT_EQ(card.status_of(tag), 0xffffu);
    EXPECT_EQ(card.boots(), UpdateCard::kVersion);
  }
  download();
  EXPECT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.boots(), kNew);
}

// The slot that the record names is about to be overwritten: the record changes first.
TEST_F(Commit, TheRecordNeverNamesWhatIsBeingWritten) {
  download();
  ASSERT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_SUCCESS});
  package = UpdateCard::package(0x00040000, 400000);
  download();
  ASSERT_EQ(update_commit(&card.firmware, 3, 900, kPlace, 2), unsigned{NVME_LATER});
  do {
    if (card.slot(1, 300000) != card.slot(1, 0)) {
      EXPECT_TRUE(card.record().slot == 0 || card.boots() == kNew);
    }
    EXPECT_NE(card.boots(), 0u);
  } while (update_step(&card.firmware));
  EXPECT_EQ(card.record().slot, 0u);
  EXPECT_EQ(card.log_page()[0], 0x01);  // and it is not activated any more
  update_function_reset(&card.firmware, 3);
  card.work();
  EXPECT_TRUE(card.activations.empty());
}

// Power fails between any two accesses to the flash: the card boots the old image or the new one.
TEST_F(Commit, PowerMayFailAtAnyStep) {
  card.put(1, UpdateCard::package(0x00010000, 600000));
  const boot_record_state none = card.record();
  ASSERT_EQ(none.slot, 0u);
  download();
  ASSERT_EQ(update_commit(&card.firmware, 3, 90, kPlaceForReset, 2), unsigned{NVME_LATER});
  unsigned old = 0, now = 0;
  do {
    const std::uint32_t version = card.boots();
    ASSERT_TRUE(version == UpdateCard::kVersion || version == kNew);
    ASSERT_EQ(now != 0 && version != kNew, false) << "and not the old one again";
    ++(version == kNew ? now : old);
  } while (update_step(&card.firmware));
  EXPECT_EQ(card.boots(), kNew);
  EXPECT_GT(old, 70u);
}

TEST_F(Commit, FlashThatFails) {
  for (int accesses = 0; accesses < 76; ++accesses) {
    card.accesses_before_failure = -1;
    download();
    card.accesses_before_failure = accesses;
    EXPECT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_INTERNAL_ERROR}) << accesses;
    EXPECT_EQ(card.boots(), UpdateCard::kVersion);
    EXPECT_EQ(card.log_page()[0], 0x01);
  }
}

TEST_F(Commit, FlashThatHoldsSomethingElse) {
  card.port.program = [](void*, std::uint64_t, const void*, std::uint64_t) { return 0; };  // "done"
  download();
  EXPECT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_INTERNAL_ERROR});
  EXPECT_EQ(card.record().sequence, 0u);
}

TEST_F(Commit, FlashThatHoldsTheHeaderAlone) {
  card.port.program = [](void* self, std::uint64_t offset, const void* from, std::uint64_t) {
    if (offset == FLASH_SLOT_BYTES)
      std::memcpy(static_cast<UpdateCard*>(self)->flash.data() + offset, from, sizeof(image_header));
    return 0;
  };
  download();
  EXPECT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_INTERNAL_ERROR});
}

TEST_F(Commit, FlashThatHoldsAnotherGoodImage) {
  const auto other = UpdateCard::package(kNew, 4000);
  card.port.erase = [](void*, std::uint64_t, std::uint64_t) { return 0; };
  card.port.program = [](void*, std::uint64_t, const void*, std::uint64_t) { return 0; };
  card.put(1, other);
  download();
  EXPECT_EQ(card.commit(3, kPlaceForReset, 2), unsigned{NVME_INTERNAL_ERROR});
}

TEST_F(Commit, FullRecord) {
  auto* records = reinterpret_cast<boot_record*>(card.flash.data() + FLASH_BOOT_RECORD);
  for (unsigned i = 0; i < BOOT_RECORDS; ++i) records[i] = boot_record_make(i + 1, 0);
  card.put(1, package);
  EXPECT_EQ(card.commit(3, kForReset, 2), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.record().slot, 1u);
  EXPECT_EQ(card.record().sequence, BOOT_RECORDS + 1u);
  EXPECT_EQ(card.record().next, 1u);
}

TEST_F(Commit, SlotAIsTheOtherOneWhenBRuns) {
  card.put(1, package);
  update_init(&card.firmware, &card.port, kNew, 1);
  package = UpdateCard::package(0x00040000, 5000);
  download();
  EXPECT_EQ(card.commit(3, kPlace, 2), unsigned{NVME_INVALID_FIRMWARE_SLOT});
  EXPECT_EQ(card.commit(3, kPlaceForReset, 0), unsigned{NVME_SUCCESS});
  EXPECT_EQ(card.slot(0, package.size()), package);
  EXPECT_EQ(card.log_page()[0], 0x12);
}

TEST(FirmwareRevision, FitsEightCharacters) {
  const auto text = [](std::uint32_t version) {
    char revision[8];
    firmware_revision(version, revision);
    return std::string(revision, sizeof revision);
  };
  EXPECT_EQ(text(0x00020000), "0.2.0   ");
  EXPECT_EQ(text(0x0a0b000c), "10.11.12");
  EXPECT_EQ(text(0xffffffff), "255.255.");
  EXPECT_EQ(text(0x0102ffff), "1.2.6553");
}

}  // namespace
}  // namespace cardvp
