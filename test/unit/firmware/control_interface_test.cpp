// What the control plane asks the firmware for (platform/control_messages.h): interfaces.
#include <cstring>

#include "test/unit/firmware/console_fake.h"
#include "test/unit/firmware/control_fixture.h"

namespace cardvp {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(Control, AttachInterface) {
  EXPECT_EQ(attach_interface(2), CONTROL_OK);
  EXPECT_THAT(calls, ElementsAre("attach interface", "show"));  // the device is ready before the host sees it
  EXPECT_EQ(interfaces.at(2).mtu, 9001);
  EXPECT_EQ(pcie.vendor, 0x1d0f);
  EXPECT_EQ(pcie.device, 0xec20);
  EXPECT_EQ(pcie.class_code, 0x020000u);
  EXPECT_EQ(pcie.revision & 1, 0);  // read-less
}

TEST_F(Control, AttachInterfaceRefused) {
  const auto with = [&](auto&& change) {
    control_message message = interface(1);
    change(message.interface);
    return send(message).status;
  };
  using Attach = control_attach_interface;
  EXPECT_EQ(with([](Attach& a) { a.flags = 1 << 3; }), CONTROL_UNKNOWN);
  EXPECT_EQ(with([](Attach& a) { a.hints = 2; }), CONTROL_UNKNOWN);
  EXPECT_EQ(with([](Attach& a) { a.vni = 1 << 24; }), CONTROL_BAD_VALUE);
  EXPECT_EQ(with([](Attach& a) { a.mtu = 1499; }), CONTROL_BAD_VALUE);
  EXPECT_EQ(with([](Attach& a) { a.mtu = 9217; }), CONTROL_BAD_VALUE);
  EXPECT_EQ(with([](Attach& a) { a.mac[0] = 3; }), CONTROL_BAD_VALUE);  // a group's address
  EXPECT_EQ(with([](Attach& a) { std::memset(a.mac, 0, sizeof a.mac); }), CONTROL_BAD_VALUE);
  EXPECT_EQ(attach_interface(kFunctions), CONTROL_NO_HARDWARE);
  interface_result = INTERFACE_NO_HARDWARE;
  EXPECT_EQ(attach_interface(1), CONTROL_NO_HARDWARE);
  interface_result = INTERFACE_NO_ROOM;
  EXPECT_EQ(attach_interface(1), CONTROL_NO_ROOM);
  interface_result = INTERFACE_ATTACHED;
  EXPECT_THAT(calls, IsEmpty());
  EXPECT_EQ(with([](Attach& a) { a.flags = 7, a.hints = 1, a.mtu = 1500, a.vni = 0; }), CONTROL_OK);
  EXPECT_EQ(with([](Attach& a) { a.mtu = 9216; }), CONTROL_ALREADY_ATTACHED);
}

TEST_F(Control, AFunctionIsAVolumeOrAnInterface) {
  EXPECT_EQ(attach(1), CONTROL_OK);
  EXPECT_EQ(attach_interface(1), CONTROL_ALREADY_ATTACHED);
  EXPECT_EQ(attach_interface(2), CONTROL_OK);
  EXPECT_EQ(attach(2), CONTROL_ALREADY_ATTACHED);
  EXPECT_EQ(ask(CONTROL_DETACH_INTERFACE, 1), CONTROL_NOT_ATTACHED);
  EXPECT_EQ(ask(CONTROL_DETACH_VOLUME, 2), CONTROL_NOT_ATTACHED);
}

TEST_F(Control, DetachInterface) {
  EXPECT_EQ(ask(CONTROL_DETACH_INTERFACE, 2), CONTROL_NOT_ATTACHED);
  EXPECT_EQ(ask(CONTROL_DETACH_INTERFACE, 0xffff), CONTROL_NOT_ATTACHED);
  attach_interface(2);
  calls.clear();
  EXPECT_EQ(ask(CONTROL_DETACH_INTERFACE, 2), CONTROL_OK);
  EXPECT_THAT(calls, ElementsAre("hide", "detach interface"));
  EXPECT_EQ(ask(CONTROL_DETACH_INTERFACE, 2), CONTROL_NOT_ATTACHED);
  EXPECT_EQ(attach_interface(2), CONTROL_OK);
}

TEST_F(Control, LinkOfAnInterface) {
  EXPECT_EQ(link(2, 1), CONTROL_NOT_ATTACHED);
  attach_interface(2);
  EXPECT_EQ(link(2, 0), CONTROL_OK);
  EXPECT_EQ(link(2, 1), CONTROL_OK);
  EXPECT_EQ(link(2, 2), CONTROL_BAD_VALUE);
  EXPECT_THAT(links, ElementsAre(std::pair(2u, 0), std::pair(2u, 1)));
}

}  // namespace
}  // namespace cardvp
