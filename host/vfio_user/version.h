// The first message: what both sides can do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/vfio_user/protocol.h"

namespace cardvp::host::vfio_user {

struct Negotiated {
  std::size_t transfer = kMostTransfer;  // bytes, the most in one DMA_READ or DMA_WRITE
  std::vector<std::byte> reply;          // the payload
};

// Of a VERSION request's payload. Nothing: it cannot be served (another major version, not JSON, or a transfer size
// under a page). The reply is never longer than the request, as QEMU has no room for more: where the capabilities do
// not fit, it has none, and the client goes by the protocol's defaults.
std::optional<Negotiated> negotiate(std::span<const std::byte> request);

}  // namespace cardvp::host::vfio_user
