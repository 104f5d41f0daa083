// TAP devices: where there may be one, frames both ways.
#include "models/wire/tap.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "test/unit/wire/descriptor.h"
#include "test/unit/wire/fake_port.h"
#include "test/unit/wire/harness.h"

namespace cardvp::wire {
namespace {

struct TapDevices : WireBench {
  // Why the device is refused; "none" if it is not.
  std::string problem(const std::string& device, const char* node = "/dev/net/tun") {
    AttachmentConfig config;
    config.type = AttachmentConfig::Type::kTap;
    config.device = device;
    try {
      Tap("tap", sim, config, port, frames, node);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "none";
  }
  void give(const Bytes& frame) { port.client->receive(frames.make(frame), sc_core::sc_time_stamp()); }

  FakePort port{sim};
};

TEST_F(TapDevices, WhatKeepsATapDeviceAwayIsSaid) {
  const auto expect = [&](const std::string& device, const std::string& node, const std::string& part) {
    const std::string text = problem(device, node.c_str());
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_NE(text.find("TAP device " + device), std::string::npos) << text;
  };
  expect("tap0", folder.file("missing"), "load the kernel's module");
  std::ofstream(folder.file("plain")) << "no device";
  expect("tap0", folder.file("plain"), "ip tuntap add dev tap0 mode tap");
  expect("", "/dev/net/tun", "1 to 15 characters");
  expect("sixteen_letters_", "/dev/net/tun", "1 to 15 characters");
}

constexpr const char* kTapName = "cvp-test";

// Whether this user may make TAP devices here, found out without the code under test.
bool may_have_tap() {
  const int file = ::open("/dev/net/tun", O_RDWR);
  if (file < 0) return false;
  ifreq request{};
  std::string_view(kTapName).copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  const bool made = ::ioctl(file, TUNSETIFF, &request) == 0;
  ::close(file);
  return made;
}

// The kernel's end of the device, up, with a socket for frames of an EtherType of ours.
struct TapPeer : Descriptor {
  TapPeer() : Descriptor(::socket(AF_PACKET, SOCK_RAW, htons(0x88b5))) {
    ifreq request{};
    std::string_view(kTapName).copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    EXPECT_EQ(::ioctl(file, SIOCSIFFLAGS, &request), 0);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(0x88b5);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(kTapName));
    EXPECT_EQ(::bind(file, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
};

// Where there may be a device frames go both ways, and otherwise the refusal is as it should be.
TEST_F(TapDevices, TapBothWaysOrARefusal) {
  if (!may_have_tap()) {
    EXPECT_NE(problem(kTapName).find("; "), std::string::npos);
    return;
  }
  AttachmentConfig config;
  config.device = kTapName;
  Tap tap("tap", sim, config, port, frames);
  EXPECT_TRUE(tap.external());
  give(frame_of(0, 7));
  EXPECT_EQ(sim.stats.counter("tap.drops.device_down", "frames").value(), 1u);
  EXPECT_NE(problem(kTapName).find("choose another device"), std::string::npos);

  const TapPeer peer;
  Bytes frame = frame_of(0, kEveryone);
  net::store16(frame.data() + 12, 0x88b5);
  give(frame);
  EXPECT_EQ(peer.receive(), frame);
  frame[20] = std::byte{0x77};
  ASSERT_EQ(::send(peer.file, frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
  tap.poll();
  // The kernel sends of its own as well, when a device comes up.
  EXPECT_EQ(std::count(port.sent.begin(), port.sent.end(), frame), 1);
}

}  // namespace
}  // namespace cardvp::wire
