#include "host/boot.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <stdexcept>

#include "firmware/sdk/include/image.h"

namespace cardvp::host {
namespace {

constexpr std::uint64_t kChunk = 4096;                  // bytes of one read
const sc_core::sc_time kChunkTime{41, sc_core::SC_US};  // a quad SPI flash at 200 MHz: 100 MB/s

std::string sha384(std::span<const std::byte> data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha384(), nullptr) != 1)
    throw std::runtime_error("SHA-384 failed in libcrypto");
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace

Boot::Boot(sc_core::sc_module_name name, Sim& sim) : Model(name, sim), changed_(sim.scheduler), tasks_(sim.scheduler) {}

void Boot::connect(BootFlashPort& flash, Line& reset_line) {
  flash_ = &flash;
  reset_line.connect([this](bool level) { reset(level); });
  if (!reset_line.level()) reset(false);
}

void Boot::reset(bool held) {
  held_ = held;
  started_ = false;
  error_.clear();
  tasks_.cancel();
  if (!held) {
    released_ = now();
    log_.info("out of reset");
    tasks_.spawn(start());
  }
  changed_.notify();
}

Task<bool> Boot::read(std::vector<std::byte>& to, std::uint64_t size) {
  to.reserve(size);
  while (to.size() < size) {
    const std::size_t at = to.size();
    to.resize(at + std::min(kChunk, size - at));
    co_await scheduler().delay(kChunkTime);
    if (!flash_->read(at, std::span(to).subspan(at))) co_return false;
  }
  co_return true;
}

Task<> Boot::start() {
  std::vector<std::byte> image;
  image_header header{};
  bool read_all = false;
  if (co_await read(image, std::min<std::uint64_t>(kChunk, flash_->size())) && image.size() >= sizeof header) {
    std::memcpy(&header, image.data(), sizeof header);
    const std::uint64_t size = std::uint64_t{header.size} + header.body_size;
    if (header.magic == IMAGE_MAGIC && header.kind == IMAGE_HOST_BOOT && size <= flash_->size()) {
      if (size < image.size()) image.resize(size);
      read_all = co_await read(image, size);
    }
  }
  if (read_all) {
    bytes_ = image.size();
    digest_ = sha384(image);
    started_ = true;
    log_.info("boot image read", {{"bytes", bytes_}});
  } else {
    error_ = "no boot image in the flash";
  }
  changed_.notify();
}

}  // namespace cardvp::host
