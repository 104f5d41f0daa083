#include "models/wire/tap.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace cardvp::wire {

namespace {

[[noreturn]] void fail(const std::string& device, const std::string& problem, const std::string& remedy) {
  throw std::runtime_error(fmt::format("TAP device {}: {}; {}", device, problem, remedy));
}

// What a user without rights needs done once.
std::string remedy_for(int error, const std::string& device) {
  if (error == ENOENT || error == ENODEV || error == ENXIO) return "load the kernel's module \"tun\"";
  if (error == EBUSY) return "another program has it: choose another device";
  return fmt::format("as root: ip tuntap add dev {} mode tap user $USER; ip link set {} up", device, device);
}

int open_device(const std::string& device, const char* node) {
  if (device.empty() || device.size() >= IFNAMSIZ)
    fail(device, fmt::format("a device's name has 1 to {} characters", IFNAMSIZ - 1), "choose another name");
  const int file = ::open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (file < 0)
    fail(device, fmt::format("{}: {}", node, std::generic_category().message(errno)), remedy_for(errno, device));
  ifreq request{};
  std::copy(device.begin(), device.end(), request.ifr_name);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (::ioctl(file, TUNSETIFF, &request) == 0) return file;
  const int error = errno;
  ::close(file);
  fail(device, std::generic_category().message(error), remedy_for(error, device));
}

}  // namespace

Tap::Tap(sc_core::sc_module_name name, Sim& sim, const AttachmentConfig& config, Port& port, FramePool& frames,
         const char* node)
    : Attachment(name, sim, port, frames), file_(open_device(config.device, node)) {
  port_.connect(*this);
}

Tap::~Tap() { ::close(file_); }

void Tap::poll() {
  for (unsigned i = 0; i < kMostPerPoll && port_free(); ++i) {
    const ssize_t size = ::read(file_, buffer_.data(), buffer_.size());
    if (size <= 0) {
      if (size < 0 && errno != EAGAIN && errno != EINTR) drop("receive_error");
      return;
    }
    take({buffer_.data(), static_cast<std::size_t>(size)});
  }
}

void Tap::receive(FramePtr frame, sc_core::sc_time /*at*/) {
  const ssize_t size = ::write(file_, frame->data(), frame->size());
  if (size >= 0) return;
  if (errno == EIO || errno == ENETDOWN) return drop("device_down");
  drop(errno == EAGAIN || errno == ENOBUFS ? "device_busy" : "send_error");
}

}  // namespace cardvp::wire
