// The firmware's network side on a data path, a security engine and hosts that are made up: what it writes, answers and
// derives is kept.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "firmware/controller/control.h"
#include "firmware/controller/network.h"
#include "models/net/build.h"
#include "models/net/parse.h"
#include "models/nic/registers.h"

namespace cardvp {

class NetworkFirmware : public testing::Test {
 protected:
  using Bytes = std::vector<std::uint8_t>;
  struct Key {
    unsigned from = 0;
    Bytes info;
  };
  struct Association {
    unsigned slot = 0, peer = 0;
    std::uint32_t spi = 0, salt = 0;
    std::uint64_t threshold = 0;
  };
  struct Frame {
    unsigned function;
    Bytes bytes;
  };

  static constexpr unsigned kFunctions = 80;  // with an interface
  static constexpr std::uint32_t kVni = 0x1234;
  static constexpr std::uint64_t kSlots = 0x40800000;

  NetworkFirmware();

  // What the control plane asks for; gives the status.
  std::uint32_t control(control_message message, std::uint16_t type, unsigned function = 0);
  std::uint32_t underlay(std::uint16_t node = 7, std::string_view address = "192.0.2.7");
  std::uint32_t transit_key(std::uint32_t epoch, std::uint32_t rekey_packets = 0);
  std::uint32_t rekey() { return control({}, CONTROL_REKEY); }
  std::uint32_t peer(std::uint16_t index, std::uint32_t node, std::string_view address, std::uint16_t flags = 0);
  std::uint32_t remove_peer(std::uint16_t index) { return peer(index, 0, "::"); }
  std::uint32_t route(std::string_view prefix, std::uint8_t target, std::uint16_t index = 0, std::uint32_t vni = kVni,
                      std::string_view mac = "00:00:00:00:00:00");
  std::uint32_t address(unsigned function, std::string_view prefix,
                        std::string_view router = "::", std::string_view dns = "::");
  std::uint32_t remove_address(unsigned function, std::string_view address);
  std::uint32_t rule(unsigned function, std::uint16_t number, bool ingress, std::uint8_t protocol,
                     std::string_view prefix, std::uint16_t first = 0, std::uint16_t last = 0xffff);
  std::uint32_t remove_rule(unsigned function, std::uint16_t number);
  void attach(unsigned function, std::string_view mac, std::uint32_t flags = 0, std::uint32_t vni = kVni,
              std::uint16_t mtu = 9001);
  void detach(unsigned function) { network_detach(network_.get(), function); }

  // An interface with an address of a /24 or /64, with .1 or ::1 as its router.
  void interface(unsigned function, std::string_view prefix, std::uint32_t flags = 0, std::uint32_t vni = kVni);
  static net::MacAddress mac_of(unsigned function);

  // A packet that the data path does not know, described as it does, and the verdict. The default is whatever fits
  // between two addresses.
  vpc_message_verdict egress(unsigned function, std::span<const std::uint8_t> frame);
  vpc_message_verdict ingress(std::uint16_t peer, std::span<const std::uint8_t> frame, std::uint32_t vni = kVni);
  vpc_message_verdict judge(vpc_message_packet packet, std::span<const std::uint8_t> frame);
  static vpc_message_packet describe(std::span<const std::uint8_t> frame);
  static net::FrameSpec spec(unsigned function, std::string_view from, std::string_view to);
  static Bytes udp(unsigned function, std::string_view from, std::string_view to, std::uint16_t source_port = 1000,
                   std::uint16_t destination_port = 2000);
  static Bytes frame(const net::FrameSpec& spec, std::span<const std::uint8_t> payload = {});
  // The payload of ICMP or ICMPv6 with its checksum put in.
  static Bytes icmp(net::FrameSpec spec, Bytes message);

  std::uint64_t generation() const { return card_.get(nic::vpc_regs::FLOW_GENERATION); }
  RegisterBank& of(unsigned function);  // the interface's page
  void association(std::uint16_t event, std::uint16_t peer, std::uint32_t spi);

  std::unique_ptr<network> network_;
  network_port port_{};
  Bytes slots_, made_;
  RegisterBank card_{nic::vpc_regs::kBank};
  std::map<unsigned, RegisterBank> interfaces_;  // by function
  std::uint64_t time_us_ = 0;
  std::vector<vpc_message_verdict> verdicts_;
  std::vector<Frame> injected_;
  std::map<unsigned, Key> keys_;                    // by slot
  std::map<unsigned, Association> sending_;         // by peer
  std::map<std::uint32_t, Association> receiving_;  // by SPI
  std::map<unsigned, std::uint32_t> peers_;         // flags, by index
  security_status unwrap_status_ = SECURITY_OK, derive_status_ = SECURITY_OK;
  unsigned refused_ = 0;  // RESULT of the next commands

 private:
  static NetworkFirmware& self(void* context) { return *static_cast<NetworkFirmware*>(context); }
  RegisterBank& page(unsigned number) { return number == 0 ? card_ : of(number - 1); }
  void peer_command(std::uint64_t value);
  void association_command(std::uint64_t value);
};

}  // namespace cardvp
