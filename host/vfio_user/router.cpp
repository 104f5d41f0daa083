#include "host/vfio_user/router.h"

namespace cardvp::host::vfio_user {

Router::Router(RootComplex& root) : root_(root) { root_.link().connect(static_cast<pcie::HostPort&>(*this)); }
Router::~Router() { root_.link().connect(static_cast<pcie::HostPort&>(root_)); }

std::byte* Router::direct(pcie::RequesterId requester, std::uint64_t address, std::size_t size, bool write) {
  Assigned* const to = find(requester);
  return to ? to->direct(address, size, write) : root_.direct(requester, address, size, write);
}

void Router::write(pcie::RequesterId requester, std::uint64_t address, std::span<const std::byte> data) {
  if (Assigned* const to = find(requester)) return to->write(address, data);
  root_.write(requester, address, data);
}

void Router::read(pcie::RequesterId requester, DmaRead& read) {
  if (Assigned* const to = find(requester)) return to->read(read);
  root_.read(requester, read);
}

// Only assigned functions have reads that are not answered at once.
void Router::abandon(DmaRead& read) {
  for (Assigned* const each : assigned_)
    if (each) each->abandon(read);
}

void Router::link_changed(bool up) {
  for (unsigned function = 0; function < assigned_.size() && !up; ++function)
    remove(static_cast<std::uint8_t>(function));
  root_.link_changed(up);
}

void Router::presence_changed(std::uint8_t function, bool present) {
  if (!present) remove(function);
  root_.presence_changed(function, present);
}

void Router::remove(std::uint8_t function) {
  if (Assigned* const gone = std::exchange(assigned_[function], nullptr)) gone->removed();
}

}  // namespace cardvp::host::vfio_user
