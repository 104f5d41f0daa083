#include "rtl/bridges/interface_pins.h"

#include <bit>
#include <stdexcept>

namespace cardvp::rtl {

InterfacePins::InterfacePins(const Block& block, InterfaceDescription description)
    : description_(std::move(description)) {
  for (const auto& [signal, port] : description_.signals)
    if (const Pin pin = block.pin(port)) pins_.emplace(signal, pin);
}

std::string InterfacePins::port(const std::string& signal) const {
  const std::string port = description_.port(signal);
  return port.empty() ? signal : port;
}

unsigned data_bytes(const InterfacePins& pins, const std::string& signal) {
  const unsigned width = pins[signal] ? pins[signal].width() : 0, bytes = width / 8;
  if (width % 8 != 0 || bytes == 0 || bytes > kMaxDataBytes || !std::has_single_bit(bytes))
    throw std::invalid_argument(fmt::format("{}: {} of {} bits; a bridge takes 8, 16, 32 .. 1024",
                                            pins.description().name, pins.port(signal), width));
  return bytes;
}

}  // namespace cardvp::rtl
