// The firmware's side of the control plane, with a card that notes what it is told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "firmware/controller/control.h"

namespace cardvp {

inline constexpr unsigned kFunctions = 4;
inline constexpr std::uint32_t kVersion = 0x00020005;

struct Control : testing::Test {
  struct Key {
    unsigned owner;
    bool generated;
  };

  Control() : host_flash(4096, 0xff) {
    port.context = this;
    port.function_exists = [](void*, unsigned function) -> int { return function < kFunctions; };
    port.attached = [](void* self, unsigned function) -> int { return card(self).attached.count(function); };
    port.attach = [](void* self, unsigned function, const nvme_identity* identity, std::uint32_t cipher) {
      if (card(self).attach_result != VOLUME_ATTACHED) return card(self).attach_result;
      card(self).attached[function] = *identity;
      card(self).ciphers[function] = cipher;
      card(self).note("attach");
      return VOLUME_ATTACHED;
    };
    port.detach = [](void* self, unsigned function) {
      card(self).attached.erase(function);
      card(self).note("detach");
    };
    port.interface_attached = [](void* self, unsigned function) -> int {
      return card(self).interfaces.count(function);
    };
    port.interface_attach = [](void* self, const control_attach_interface* request) {
      if (card(self).interface_result != INTERFACE_ATTACHED) return card(self).interface_result;
      card(self).interfaces[request->header.function] = *request;
      card(self).note("attach interface");
      return INTERFACE_ATTACHED;
    };
    port.interface_detach = [](void* self, unsigned function) {
      card(self).interfaces.erase(function);
      card(self).note("detach interface");
    };
    port.interface_link = [](void* self, unsigned function, int up) { card(self).links.emplace_back(function, up); };
    port.show = [](void* self, unsigned, const pcie_identity* identity) {
      card(self).pcie = *identity;
      card(self).note("show");
    };
    port.hide = [](void* self, unsigned) { card(self).note("hide"); };
    port.key_valid = [](void* self, unsigned slot) -> int { return card(self).keys.count(slot); };
    port.key_unwrap = [](void* self, unsigned slot, const std::uint8_t* wrapped, unsigned owner) {
      card(self).wrapped.assign(wrapped, wrapped + CONTROL_WRAPPED_KEY_BYTES);
      return card(self).load(slot, {owner, false});
    };
    port.key_generate = [](void* self, unsigned slot, unsigned owner) { return card(self).load(slot, {owner, true}); };
    port.key_destroy = [](void* self, unsigned slot) { card(self).keys.erase(slot); };
    port.keys_destroy_of = [](void* self, unsigned owner) {
      std::erase_if(card(self).keys, [&](const auto& key) { return key.second.owner == owner; });
      card(self).note("destroy keys");
    };
    port.host_flash_bytes = [](void* self) { return static_cast<std::uint32_t>(card(self).host_flash.size()); };
    port.host_header = [](void* self, image_header* header) {
      std::memcpy(header, card(self).host_flash.data(), sizeof *header);
    };
    port.in_development = [](void* self) -> int { return card(self).development; };
    port.root_key_fused = [](void* self) -> int { return card(self).root_key; };
    port.host_verify = [](void* self, const image_header* header, std::uint32_t space) {
      EXPECT_EQ(space, card(self).host_flash.size());
      EXPECT_EQ(std::memcmp(header, card(self).host_flash.data(), sizeof *header), 0);
      card(self).note("verify");
      return card(self).host_fault;
    };
    port.host_measure = [](void* self, const image_header*) {
      card(self).note("measure");
      return card(self).measure_fault;
    };
    port.host_release = [](void* self) { card(self).note("release"); };
    firmware.port = &port;
    firmware.version = kVersion;
    take_firmware_log();
  }

  static Control& card(void* self) { return *static_cast<Control*>(self); }
  void note(const char* what) { calls.emplace_back(what); }
  security_status load(unsigned slot, Key key) {
    if (keys.count(slot)) return SECURITY_BAD_SLOT;  // as the engine
    if (key_status == SECURITY_OK) keys[slot] = key;
    return key_status;
  }

  control_result send(const control_message& message) {
    const control_result result = control_request(&firmware, &message);
    EXPECT_EQ(result.header.type, CONTROL_RESULT);
    EXPECT_EQ(result.header.function, message.header.function);
    EXPECT_EQ(result.header.tag, message.header.tag);
    EXPECT_EQ(result.request, message.header.type);
    return result;
  }
  std::uint32_t ask(std::uint16_t type, std::uint16_t function = 0) {
    control_message message{};
    message.header = {type, function, 0x1234};
    return send(message).status;
  }
  std::uint32_t attach(std::uint16_t function, std::uint32_t flags = 0, std::uint32_t kind = CONTROL_VOLUME_NETWORK) {
    control_message message{};
    message.attach.header = {CONTROL_ATTACH_VOLUME, function, 99};
    message.attach.kind = kind;
    message.attach.flags = flags;
    std::memset(message.attach.serial, 's', sizeof message.attach.serial);
    std::memset(message.attach.model, 'm', sizeof message.attach.model);
    std::memset(message.attach.device_name, 'd', sizeof message.attach.device_name);
    return send(message).status;
  }
  control_result key(std::uint16_t function, std::uint32_t kind = CONTROL_KEY_WRAPPED, std::uint8_t fill = 0xaa) {
    control_message message{};
    message.key.header = {CONTROL_VOLUME_KEY, function, 98};
    message.key.kind = kind;
    std::memset(message.key.wrapped, fill, sizeof message.key.wrapped);
    return send(message);
  }
  static control_message interface(std::uint16_t function) {
    control_message message{};
    message.interface.header = {CONTROL_ATTACH_INTERFACE, function, 96};
    message.interface.vni = 0xffffff;
    const std::uint8_t mac[6] = {0x02, 1, 2, 3, 4, 5};
    std::memcpy(message.interface.mac, mac, sizeof mac);
    message.interface.mtu = 9001;
    message.interface.speed_mbit = 100000;
    return message;
  }
  std::uint32_t attach_interface(std::uint16_t function) { return send(interface(function)).status; }
  std::uint32_t link(std::uint16_t function, std::uint32_t up) {
    control_message message{};
    message.link.header = {CONTROL_LINK, function, 95};
    message.link.up = up;
    return send(message).status;
  }
  control_result start() {
    control_message message{};
    message.header = {CONTROL_START, 0, 97};
    return send(message);
  }
  void put_host_image(std::uint32_t signature_type = IMAGE_ECDSA_P384) {
    image_header header{};
    header.magic = IMAGE_MAGIC;
    header.version = 0x00010002;
    header.signature_type = signature_type;
    std::strcpy(header.name, "loader");
    std::memcpy(host_flash.data(), &header, sizeof header);
  }

  std::map<unsigned, nvme_identity> attached;
  std::map<unsigned, control_attach_interface> interfaces;
  ::interface_result interface_result = INTERFACE_ATTACHED;
  std::vector<std::pair<unsigned, int>> links;
  std::map<unsigned, std::uint32_t> ciphers;  // by function
  std::map<unsigned, Key> keys;               // by slot
  std::vector<std::uint8_t> wrapped;
  std::vector<std::string> calls;
  pcie_identity pcie{};
  volume_result attach_result = VOLUME_ATTACHED;
  security_status key_status = SECURITY_OK;
  std::vector<std::uint8_t> host_flash;
  bool development = false, root_key = true;
  image_fault host_fault = IMAGE_GOOD, measure_fault = IMAGE_GOOD;
  control_port port{};
  ::control firmware{};
};

constexpr std::uint32_t cipher(unsigned slot) { return 1u << 31 | slot; }

}  // namespace cardvp
