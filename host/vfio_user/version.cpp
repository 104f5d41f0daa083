#include "host/vfio_user/version.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <nlohmann/json.hpp>

#include "host/vfio_user/guest_memory.h"
#include "host/vfio_user/message.h"

namespace cardvp::host::vfio_user {

using nlohmann::json;

namespace {

constexpr Version kOurs{0, 0};

// The capabilities that a client announces; nothing: that is no announcement.
std::optional<json> capabilities(std::span<const std::byte> text) {
  if (text.empty()) return json::object();
  if (text.back() != std::byte{0}) return std::nullopt;
  const char* const begin = reinterpret_cast<const char*>(text.data());
  const char* const end = std::find(begin, begin + text.size(), '\0');
  if (begin == end) return json::object();
  const json all = json::parse(begin, end, nullptr, false);
  if (!all.is_object()) return std::nullopt;
  const auto found = all.find("capabilities");
  if (found == all.end()) return json::object();
  return found->is_object() ? std::optional(*found) : std::nullopt;
}

// A number that is announced, at most `most`; nothing if it is no number.
std::optional<std::uint64_t> number(const json& capabilities, const char* name, std::uint64_t most) {
  const auto found = capabilities.find(name);
  if (found == capabilities.end()) return most;
  if (!found->is_number_unsigned()) return std::nullopt;
  return std::min(found->get<std::uint64_t>(), most);
}

}  // namespace

std::optional<Negotiated> negotiate(std::span<const std::byte> request) {
  Version version;
  if (request.size() < sizeof version) return std::nullopt;
  std::memcpy(&version, request.data(), sizeof version);
  if (version.major != kOurs.major) return std::nullopt;
  const std::optional<json> theirs = capabilities(request.subspan(sizeof version));
  if (!theirs) return std::nullopt;
  const auto transfer = number(*theirs, "max_data_xfer_size", kMostTransfer);
  const auto maps = number(*theirs, "max_dma_maps", GuestMemory::kMostMaps);
  if (!transfer || *transfer < GuestMemory::kPage || !maps) return std::nullopt;

  json ours{{"max_msg_fds", kMostDescriptors}, {"max_data_xfer_size", *transfer}, {"max_dma_maps", *maps}};
  if (const auto multi = theirs->find("write_multiple"); multi != theirs->end() && *multi == true)
    ours["write_multiple"] = true;
  const std::string text = json{{"capabilities", std::move(ours)}}.dump();

  Negotiated result;
  result.transfer = static_cast<std::size_t>(*transfer);
  const auto head = bytes_of(kOurs);
  result.reply.assign(head.begin(), head.end());
  const auto body = std::as_bytes(std::span(text.c_str(), text.size() + 1));
  if (head.size() + body.size() <= request.size()) result.reply.insert(result.reply.end(), body.begin(), body.end());
  return result;
}

}  // namespace cardvp::host::vfio_user
