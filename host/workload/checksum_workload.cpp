#include "host/workload/checksum_workload.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace cardvp::host {

namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    check(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
  }
  void update(std::span<const std::byte> data) { check(EVP_DigestUpdate(context_.get(), data.data(), data.size())); }
  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    check(EVP_DigestFinal_ex(context_.get(), digest.data(), &size));
    std::string text;
    for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

 private:
  static void check(bool ok) {
    if (!ok) throw std::runtime_error("SHA-256 failed in libcrypto");
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// Lane n of N reads chunks n, n + N, ...; a chunk is hashed when all before it are, and its lane waits until then.
class Run {
 public:
  Run(nvme::Driver& driver, const ChecksumConfig& config, std::uint64_t* progress, ChecksumResult& result)
      : driver_(driver),
        config_(config),
        progress_(progress),
        result_(result),
        hashed_(driver.scheduler()),
        done_(driver.scheduler()) {}

  // Why the workload does not fit the volume; empty if it does.
  std::string prepare();
  Task<> run();

 private:
  Task<> lane(std::uint64_t number);
  std::uint64_t chunk_bytes(std::uint64_t chunk) const {
    return std::min(config_.block_size, size_ - chunk * config_.block_size);
  }
  std::span<const std::byte> chunk_data(std::uint64_t chunk) const {
    return buffers_.bytes().subspan(chunk % lanes_ * config_.block_size, chunk_bytes(chunk));
  }
  void arrived(std::uint64_t chunk);

  nvme::Driver& driver_;
  const ChecksumConfig& config_;
  std::uint64_t* progress_;
  ChecksumResult& result_;
  Sha256 hash_;
  Buffer buffers_;
  std::uint64_t size_ = 0;  // bytes
  std::uint64_t chunks_ = 0;
  std::uint64_t next_ = 0;     // chunk to be hashed
  std::vector<bool> arrived_;  // by lane: its chunk waits to be hashed
  std::uint64_t lanes_ = 0;
  std::uint64_t running_ = 0;  // lanes that have not ended
  Trigger hashed_;
  OneShot<bool> done_;
};

std::string Run::prepare() {
  if (!driver_.running()) return "the driver is not running";
  const nvme::ControllerInfo& info = driver_.info();
  const std::uint64_t volume = info.blocks * info.block_size;
  if (config_.block_size == 0 || config_.block_size % info.block_size != 0)
    return fmt::format("block_size of {} bytes is not a multiple of the volume's {}", config_.block_size,
                       info.block_size);
  if (config_.block_size > info.max_transfer)
    return fmt::format("block_size of {} bytes is more than the {} of one command", config_.block_size,
                       info.max_transfer);
  if (config_.queue >= info.io_queues)
    return fmt::format("queue {}, but the controller granted {}", config_.queue, info.io_queues);
  if (config_.queue_depth == 0) return "queue_depth is 0";
  if (config_.offset > volume) return fmt::format("offset {} is behind the volume's {} bytes", config_.offset, volume);
  size_ = config_.size ? config_.size : volume - config_.offset;
  if (size_ > volume - config_.offset || config_.offset % info.block_size != 0 || size_ % info.block_size != 0)
    return fmt::format("{} bytes at {} are not blocks of the volume's {} bytes", size_, config_.offset, volume);
  chunks_ = (size_ + config_.block_size - 1) / config_.block_size;
  lanes_ = std::min<std::uint64_t>(config_.queue_depth, chunks_);
  running_ = lanes_;
  arrived_.resize(lanes_);
  if (lanes_ > 0) buffers_ = Buffer(driver_.memory(), lanes_ * config_.block_size);
  return {};
}

Task<> Run::run() {
  if (lanes_ > 0) {
    TaskScope scope(driver_.scheduler());
    for (std::uint64_t number = 0; number < lanes_; ++number) scope.spawn(lane(number));
    co_await done_;
  }
  if (result_.error.empty()) result_.sha256 = hash_.finish();
}

Task<> Run::lane(std::uint64_t number) {
  const std::uint64_t address = buffers_.address() + number * config_.block_size;
  const std::uint32_t block_size = driver_.info().block_size;
  for (std::uint64_t chunk = number; chunk < chunks_ && result_.error.empty(); chunk += lanes_) {
    const std::uint64_t lba = (config_.offset + chunk * config_.block_size) / block_size;
    const auto blocks = static_cast<std::uint32_t>(chunk_bytes(chunk) / block_size);
    const sc_core::sc_time begun = driver_.scheduler().now();
    const nvme::Status status = co_await driver_.read(config_.queue, lba, blocks, address);
    if (!status.ok()) {
      ++result_.errors[status.outcome()];
      if (result_.error.empty()) result_.error = fmt::format("read of LBA {}: {}", lba, status.text());
      hashed_.notify();
      break;
    }
    ++result_.commands;
    result_.latency.add((driver_.scheduler().now() - begun).value());
    arrived(chunk);
    while (next_ <= chunk && result_.error.empty()) co_await hashed_;
  }
  if (--running_ == 0) done_.deliver(true);
}

void Run::arrived(std::uint64_t chunk) {
  arrived_[chunk % lanes_] = true;
  if (chunk != next_) return;
  while (next_ < chunks_ && arrived_[next_ % lanes_]) {
    const std::span<const std::byte> data = chunk_data(next_);
    hash_.update(data);
    result_.bytes += data.size();
    if (progress_) *progress_ += data.size();
    arrived_[next_ % lanes_] = false;
    ++next_;
  }
  hashed_.notify();
}

}  // namespace

Task<ChecksumResult> run(nvme::Driver& driver, ChecksumConfig config, std::uint64_t* progress) {
  ChecksumResult result;
  result.start = driver.scheduler().now();
  Run run(driver, config, progress, result);
  try {
    result.error = run.prepare();
  } catch (const std::runtime_error& exhausted) {  // memory
    result.error = exhausted.what();
  }
  if (result.error.empty()) co_await run.run();
  result.end = driver.scheduler().now();
  co_return result;
}

}  // namespace cardvp::host
