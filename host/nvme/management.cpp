// Driver: firmware, log pages and attestation (NVMe 1.4, 5.11, 5.12, 5.14).
#include <algorithm>
#include <cstring>

#include "host/nvme/driver.h"

namespace cardvp::host::nvme {

namespace {

constexpr std::uint32_t kDword = 4;

}  // namespace

Task<AdminData> Driver::fetch(Command command, std::uint32_t bytes) {
  AdminData result;
  if (bytes == 0 || bytes % kDword != 0 || (admin_ && bytes > admin_limit())) {
    result.completion.status = Status::kInvalid;
    co_return result;
  }
  Buffer buffer(memory(), bytes);
  std::memset(buffer.data(), 0, bytes);
  result.completion = co_await admin(command, buffer.address(), bytes);
  if (result.completion.status.ok()) result.data.assign(buffer.data(), buffer.data() + bytes);
  co_return result;
}

Task<AdminData> Driver::get_log_page(std::uint8_t id, std::uint32_t bytes) {
  const std::uint32_t last = bytes / kDword - 1;  // NUMD is 0-based
  Command command;
  command.opcode = kGetLogPage;
  command.nsid = kAllNamespaces;
  command.dw10 = id | last << 16;
  command.dw11 = last >> 16;
  co_return co_await fetch(command, bytes);
}

Task<AdminData> Driver::get_quote(std::array<std::uint8_t, kNonceSize> nonce, std::uint32_t bytes) {
  Command command;
  command.opcode = kGetQuote;
  command.dw10 = bytes / kDword;
  static_assert(offsetof(Command, dw12) + kNonceSize == sizeof(Command));
  std::memcpy(reinterpret_cast<std::byte*>(&command) + offsetof(Command, dw12), nonce.data(), nonce.size());
  co_return co_await fetch(command, bytes);
}

Task<AdminData> Driver::get_event_log(std::uint32_t bytes) {
  Command command;
  command.opcode = kGetEventLog;
  command.dw10 = bytes / kDword;
  co_return co_await fetch(command, bytes);
}

Task<Completion> Driver::firmware_download(std::vector<std::byte> image) {
  Completion done{.status = state_ == State::kLost ? Status::kControllerLost : Status::kNotStarted};
  if (!admin_) co_return done;
  const std::uint64_t granularity = info_.firmware_granularity;
  const std::uint64_t piece = granularity == 0 ? 0 : admin_limit() / granularity * granularity;
  done.status = Status::kInvalid;
  if (piece == 0 || image.empty() || image.size() % kDword != 0 || image.size() > ~0u) co_return done;
  Buffer buffer(memory(), piece);
  for (std::size_t at = 0; at < image.size(); at += piece) {
    const std::uint64_t bytes = std::min<std::uint64_t>(piece, image.size() - at);
    std::memcpy(buffer.data(), &image[at], bytes);
    Command command;
    command.opcode = kFirmwareImageDownload;
    command.dw10 = static_cast<std::uint32_t>(bytes / kDword - 1);
    command.dw11 = static_cast<std::uint32_t>(at / kDword);
    done = co_await admin(command, buffer.address(), bytes);
    if (!done.status.ok()) co_return done;
  }
  co_return done;
}

Task<Completion> Driver::firmware_commit(unsigned slot, CommitAction action) {
  if (slot > 7) {
    const Completion refused{.status = Status::kInvalid};
    co_return refused;
  }
  Command command;
  command.opcode = kFirmwareCommit;
  command.dw10 = slot | static_cast<std::uint32_t>(action) << 3;
  co_return co_await admin(command);
}

}  // namespace cardvp::host::nvme
