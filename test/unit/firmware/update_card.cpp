#include "test/unit/firmware/update_card.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "firmware/controller/nvme_spec.h"
#include "firmware/sdk/include/flash.h"

namespace cardvp {
namespace {

constexpr std::uint64_t kFlashBytes = FLASH_BOOT_RECORD + FLASH_BOOT_RECORD_BYTES;
constexpr image_range kMemory{0x0b100000, 0xfc000};

void digest(const std::uint8_t* body, std::size_t size, std::uint8_t to[IMAGE_DIGEST_BYTES]) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ body[i]) * 0x100000001b3;
  std::memset(to, 0, IMAGE_DIGEST_BYTES);
  std::memcpy(to, &hash, sizeof hash);
}

UpdateCard& card(void* context) { return *static_cast<UpdateCard*>(context); }

}  // namespace

UpdateCard::UpdateCard() : staging(UPDATE_MOST_BYTES), flash(kFlashBytes, 0xff) {
  port.context = this;
  port.staging = staging.data();
  port.records = reinterpret_cast<const boot_record*>(flash.data() + FLASH_BOOT_RECORD);
  port.fetch = [](void* self, unsigned function, std::uint32_t tag, std::uint32_t offset, std::uint32_t size) {
    EXPECT_LE(std::uint64_t{offset} + size, std::uint64_t{UPDATE_MOST_BYTES});
    card(self).fetches.push_back({function, tag, offset, size});
  };
  port.complete = [](void* self, unsigned function, std::uint32_t tag, std::uint16_t status) {
    card(self).ended.push_back({function, tag, status});
  };
  port.read = [](void* self, std::uint64_t offset, void* to, std::uint32_t size) {
    std::memcpy(to, card(self).flash.data() + offset, size);
  };
  port.erase = [](void* self, std::uint64_t offset, std::uint64_t size) {
    EXPECT_EQ(offset % FLASH_SECTOR_BYTES, 0u);
    EXPECT_LE(size, std::uint64_t{FLASH_SECTOR_BYTES});
    if (card(self).flash_fails()) return -1;
    std::fill_n(card(self).flash.begin() + static_cast<std::ptrdiff_t>(offset), FLASH_SECTOR_BYTES, 0xff);
    return 0;
  };
  port.program = [](void* self, std::uint64_t offset, const void* from, std::uint64_t size) {
    EXPECT_EQ(offset % 4, 0u);
    EXPECT_EQ(size % 4, 0u);
    if (card(self).flash_fails()) return -1;
    for (std::uint64_t i = 0; i < size; ++i)  // programming only clears bits
      card(self).flash[offset + i] &= static_cast<const std::uint8_t*>(from)[i];
    card(self).longest_program = std::max(card(self).longest_program, size);
    return 0;
  };
  port.verify_staged = [](void* self, const image_header* header, std::uint32_t space) {
    return card(self).verify(*header, card(self).staging.data() + sizeof *header, space);
  };
  port.verify_slot = [](void* self, const image_header* header, unsigned slot) {
    const std::uint8_t* image = card(self).flash.data() + std::uint64_t{slot} * FLASH_SLOT_BYTES;
    return card(self).verify(*header, image + sizeof *header, FLASH_SLOT_BYTES);
  };
  port.quiet = [](void* self) -> int { return card(self).quiet; };
  port.activate = [](void* self, unsigned slot, const update_request* commit) {
    card(self).activations.push_back({slot, *commit});
    return card(self).activation_fault == IMAGE_GOOD ? IMAGE_ENGINE_FAILED : card(self).activation_fault;
  };
  put(0, package(kVersion, 5000));
  update_init(&firmware, &port, kVersion, 0);
}

bool UpdateCard::flash_fails() {
  ++flash_changes;
  if (accesses_before_failure < 0) return false;
  return accesses_before_failure-- == 0;
}

image_fault UpdateCard::verify(const image_header& header, const std::uint8_t* body, std::uint64_t space) const {
  const image_limits limits{IMAGE_FIRMWARE, space, lowest_security_version, 1, &kMemory, 1};
  const image_fault fault = image_check_header(&header, &limits);
  if (fault != IMAGE_GOOD) return fault;
  if (signature_fault != IMAGE_GOOD) return signature_fault;
  std::uint8_t expected[IMAGE_DIGEST_BYTES];
  digest(body, header.body_size, expected);
  return std::memcmp(expected, header.body_digest, sizeof expected) == 0 ? IMAGE_GOOD : IMAGE_BAD_BODY_DIGEST;
}

std::vector<std::uint8_t> UpdateCard::package(std::uint32_t version, std::uint32_t body_size) {
  image_header header{};
  header.magic = IMAGE_MAGIC;
  header.format = IMAGE_FORMAT;
  header.size = sizeof header;
  header.kind = IMAGE_FIRMWARE;
  header.version = version;
  header.security_version = 1;
  header.body_size = body_size;
  header.load_address = header.entry = kMemory.base;
  std::strcpy(header.name, "controller");
  std::vector<std::uint8_t> bytes(sizeof header + body_size);
  std::memcpy(bytes.data(), &header, sizeof header);
  for (std::uint32_t i = 0; i < body_size; ++i)
    bytes[sizeof header + i] = static_cast<std::uint8_t>(i * 7 + i / 251 + version / 65536);
  seal(bytes);
  return bytes;
}

void UpdateCard::seal(std::vector<std::uint8_t>& package) {
  auto* header = reinterpret_cast<image_header*>(package.data());
  digest(package.data() + sizeof *header, package.size() - sizeof *header, header->body_digest);
}

unsigned UpdateCard::download_piece(unsigned function, const std::vector<std::uint8_t>& bytes, std::uint32_t offset) {
  EXPECT_EQ(offset % 4, 0u);
  const std::uint32_t tag = next_tag++;
  const auto dwords = (bytes.size() + 3) / 4;
  const unsigned status = update_download(&firmware, function, tag, offset / 4, dwords);
  if (status != NVME_LATER) return status;
  const Fetch fetch = fetches.back();
  fetches.pop_back();
  EXPECT_EQ(fetch.function, function);
  EXPECT_EQ(fetch.tag, tag);
  EXPECT_EQ(fetch.offset, offset);
  EXPECT_EQ(fetch.size, 4 * dwords);
  std::copy(bytes.begin(), bytes.end(), staging.begin() + offset);
  update_fetched(&firmware, function, tag, NVME_SUCCESS);
  return status_of(tag);
}

void UpdateCard::download(unsigned function, const std::vector<std::uint8_t>& bytes, std::uint32_t piece) {
  for (std::uint32_t at = 0; at < bytes.size(); at += piece) {
    const auto end = std::min<std::size_t>(bytes.size(), at + piece);
    ASSERT_EQ(download_piece(function, {bytes.begin() + at, bytes.begin() + static_cast<std::ptrdiff_t>(end)}, at),
              unsigned{NVME_SUCCESS})
        << at;
  }
}

void UpdateCard::work() {
  for (unsigned steps = 0; update_step(&firmware); ++steps) ASSERT_LT(steps, 10000u);
}

unsigned UpdateCard::commit(unsigned function, unsigned action, unsigned slot) {
  const std::uint32_t tag = next_tag++;
  const unsigned status = update_commit(&firmware, function, tag, action, slot);
  if (status != NVME_LATER) return status;
  work();
  return status_of(tag);
}

unsigned UpdateCard::status_of(std::uint32_t tag) const {
  for (const Ended& command : ended)
    if (command.tag == tag) return command.status;
  return 0xffff;
}

std::vector<std::uint8_t> UpdateCard::slot(unsigned slot, std::size_t bytes) const {
  const auto start = flash.begin() + static_cast<std::ptrdiff_t>(slot) * FLASH_SLOT_BYTES;
  return {start, start + static_cast<std::ptrdiff_t>(bytes)};
}

void UpdateCard::put(unsigned slot, const std::vector<std::uint8_t>& image) {
  std::copy(image.begin(), image.end(), flash.begin() + static_cast<std::ptrdiff_t>(slot) * FLASH_SLOT_BYTES);
}

boot_record_state UpdateCard::record() const { return boot_record_read(port.records); }

std::uint32_t UpdateCard::boots() const {
  const unsigned first = record().slot;
  for (const unsigned slot : {first, 1 - first}) {
    image_header header;
    const std::uint8_t* image = flash.data() + std::uint64_t{slot} * FLASH_SLOT_BYTES;
    std::memcpy(&header, image, sizeof header);
    if (verify(header, image + sizeof header, FLASH_SLOT_BYTES) == IMAGE_GOOD) return header.version;
  }
  return 0;
}

std::vector<std::uint8_t> UpdateCard::log_page() const {
  std::vector<std::uint8_t> page(512);
  update_slot_log(&firmware, page.data());
  return page;
}

}  // namespace cardvp
