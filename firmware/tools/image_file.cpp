#include "firmware/tools/image_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>

#include "firmware/sdk/include/handoff.h"
#include "firmware/tools/memory_regions.h"

namespace cardvp::tools {
namespace {

std::span<const std::uint8_t> bytes_of(const image_header& header, std::size_t count) {
  return {reinterpret_cast<const std::uint8_t*>(&header), count};
}

// The ROM looks more closely: at its own part of the SRAM, and at the fuses.
image_fault check_header(const image_header& header, std::uint64_t space) {
  const Region &sram = region("SRAM"), &dram = region("DRAM");
  const image_range targets[] = {{sram.base, sram.size}, {dram.base, dram.size}};
  const bool host = header.kind == IMAGE_HOST_BOOT;
  const std::uint64_t most = host ? region("HOST_FLASH").size : std::uint64_t{FLASH_SLOT_BYTES};
  const image_limits limits{.kind = host ? IMAGE_HOST_BOOT : IMAGE_FIRMWARE,
                            .space = std::min(space, most),
                            .security_version = 0,
                            .unsigned_allowed = 1,
                            .targets = targets,
                            .target_count = std::size(targets)};
  return image_check_header(&header, &limits);
}

image_fault check_cryptography(const Image& image) {
  const image_header& header = image.header;
  if (header.signature_type != IMAGE_UNSIGNED) {
    Signature signature;
    std::copy_n(header.signature, signature.size(), signature.begin());
    if (!verify(public_key_of(header), sha384(bytes_of(header, IMAGE_SIGNED_BYTES)), signature))
      return IMAGE_BAD_SIGNATURE;
  }
  const Digest digest = sha384(image.body);
  return std::equal(digest.begin(), digest.end(), header.body_digest) ? IMAGE_GOOD : IMAGE_BAD_BODY_DIGEST;
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) throw std::runtime_error(path + ": cannot be read");
  return bytes;
}

Image read_image(const std::string& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  Image image;
  std::copy_n(bytes.begin(), std::min(bytes.size(), sizeof image.header),
              reinterpret_cast<std::uint8_t*>(&image.header));
  image_fault fault = check_header(image.header, bytes.size());
  if (fault == IMAGE_GOOD) {
    const std::span body = std::span(bytes).subspan(sizeof image.header, image.header.body_size);
    image.body.assign(body.begin(), body.end());
    fault = check_cryptography(image);
  }
  if (fault != IMAGE_GOOD) throw std::runtime_error(fmt::format("{}: {}", path, image_fault_text(fault)));
  return image;
}

void complete(Image& image) {
  image_header& header = image.header;
  header.magic = IMAGE_MAGIC;
  header.format = IMAGE_FORMAT;
  header.size = sizeof header;
  header.body_size = static_cast<std::uint32_t>(std::min<std::size_t>(image.body.size(), ~std::uint32_t{0}));
  const Digest digest = sha384(image.body);
  std::copy(digest.begin(), digest.end(), header.body_digest);
  if (const image_fault fault = check_header(header, sizeof header + image.body.size()); fault != IMAGE_GOOD)
    throw std::invalid_argument(image_fault_text(fault));
}

void sign(Image& image, const SigningKey& key) {
  image_header& header = image.header;
  header.signature_type = IMAGE_ECDSA_P384;
  header.signature_size = IMAGE_KEY_BYTES;
  std::copy(key.public_key().begin(), key.public_key().end(), header.public_key);
  const Signature signature = key.sign(sha384(bytes_of(header, IMAGE_SIGNED_BYTES)));
  std::copy(signature.begin(), signature.end(), header.signature);
}

void write_image(const Image& image, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&image.header), sizeof image.header);
  file.write(reinterpret_cast<const char*>(image.body.data()), static_cast<std::streamsize>(image.body.size()));
  file.close();
  if (!file) throw std::runtime_error(path + ": cannot be written");
}

Point public_key_of(const image_header& header) {
  Point key;
  std::copy_n(header.public_key, key.size(), key.begin());
  return key;
}

}  // namespace cardvp::tools
