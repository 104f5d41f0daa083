// What the control plane asks the firmware for (platform/control_messages.h).
#include "firmware/controller/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "test/unit/firmware/console_fake.h"

namespace cardvp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr unsigned kFunctions = 4;
constexpr std::uint32_t kVersion = 0x00020005;

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

TEST_F(Control, Ping) {
  control_message message{};
  message.header = {CONTROL_PING, 0, 5};
  const control_result result = send(message);
  EXPECT_EQ(result.status, CONTROL_OK);
  EXPECT_EQ(result.value, kVersion);
}

TEST_F(Control, UnknownRequests) {
  for (const std::uint16_t type : {0, 3, 19, 99, 0xffff}) EXPECT_EQ(ask(type), CONTROL_UNKNOWN) << type;
  EXPECT_THAT(calls, IsEmpty());
  EXPECT_THAT(take_firmware_log(), HasSubstr("request 19 for function 0 refused: 3"));
}

TEST_F(Control, TheNetworkHasItsOwn) {
  port.network = [](void* self, const control_message* message) -> std::uint32_t {
    card(self).note("network");
    return message->header.type == CONTROL_RULE ? CONTROL_NO_ROOM : CONTROL_OK;
  };
  for (const std::uint16_t type : {CONTROL_UNDERLAY, CONTROL_TRANSIT_KEY, CONTROL_REKEY, CONTROL_PEER, CONTROL_ROUTE,
                                   CONTROL_ADDRESS, CONTROL_ALLOWANCES})
    EXPECT_EQ(ask(type), CONTROL_OK) << type;
  EXPECT_EQ(ask(CONTROL_RULE), CONTROL_NO_ROOM);
  EXPECT_EQ(calls, std::vector<std::string>(8, "network"));
}

TEST_F(Control, AttachPlain) {
  EXPECT_EQ(attach(2), CONTROL_OK);
  EXPECT_EQ(ciphers.at(2), 0u);
  EXPECT_THAT(calls, ElementsAre("attach", "show"));
  EXPECT_EQ(attached.at(2).controller_id, 2);
  EXPECT_EQ(std::string(attached.at(2).firmware, 8), "0.2.5   ");
  EXPECT_EQ(attached.at(2).serial[19], 's');
  EXPECT_EQ(pcie.vendor, 0x1d0f);
  EXPECT_EQ(pcie.device, 0x8061);
  EXPECT_EQ(attach(1, 0, CONTROL_VOLUME_LOCAL), CONTROL_OK);
  EXPECT_EQ(pcie.device, 0xcd01);
}

TEST_F(Control, AttachRefused) {
  EXPECT_EQ(attach(0, 0, 2), CONTROL_UNKNOWN);  // no such kind
  EXPECT_EQ(attach(0, 2), CONTROL_UNKNOWN);     // no such flag
  EXPECT_EQ(attach(0, 1u << 31), CONTROL_UNKNOWN);
  EXPECT_EQ(attach(kFunctions), CONTROL_NO_HARDWARE);
  EXPECT_EQ(attach(0xffff), CONTROL_NO_HARDWARE);
  attach_result = VOLUME_NO_HARDWARE;
  EXPECT_EQ(attach(0), CONTROL_NO_HARDWARE);
  attach_result = VOLUME_ATTACHED;
  EXPECT_THAT(calls, IsEmpty());
  EXPECT_EQ(attach(0), CONTROL_OK);
  calls.clear();
  EXPECT_EQ(attach(0), CONTROL_ALREADY_ATTACHED);
  EXPECT_THAT(calls, IsEmpty());
}

TEST_F(Control, AttachEncrypted) {
  EXPECT_EQ(key(2).status, CONTROL_OK);
  EXPECT_EQ(wrapped, std::vector<std::uint8_t>(CONTROL_WRAPPED_KEY_BYTES, 0xaa));
  ASSERT_TRUE(keys.count(SECURITY_FIRST_FREE_SLOT + 2));
  EXPECT_EQ(keys[SECURITY_FIRST_FREE_SLOT + 2].owner, 2u);
  EXPECT_EQ(attach(2, CONTROL_VOLUME_ENCRYPTED), CONTROL_OK);
  EXPECT_EQ(ciphers.at(2), cipher(SECURITY_FIRST_FREE_SLOT + 2));
  EXPECT_THAT(calls, ElementsAre("attach", "show"));  // the cipher is set before the host sees the function
}

TEST_F(Control, EphemeralKey) {
  EXPECT_EQ(key(1, CONTROL_KEY_EPHEMERAL).status, CONTROL_OK);
  EXPECT_TRUE(keys.at(SECURITY_FIRST_FREE_SLOT + 1).generated);
  EXPECT_EQ(keys.at(SECURITY_FIRST_FREE_SLOT + 1).owner, 1u);
  EXPECT_TRUE(wrapped.empty());
  EXPECT_EQ(attach(1, CONTROL_VOLUME_ENCRYPTED), CONTROL_OK);
}

TEST_F(Control, EncryptedWithoutKey) {
  EXPECT_EQ(attach(2, CONTROL_VOLUME_ENCRYPTED), CONTROL_NO_KEY);
  key(1);  // another volume's
  EXPECT_EQ(attach(2, CONTROL_VOLUME_ENCRYPTED), CONTROL_NO_KEY);
  EXPECT_THAT(calls, IsEmpty());
}

TEST_F(Control, AKeyIsNotForgotten) {
  key(2);
  EXPECT_EQ(attach(2), CONTROL_BAD_KEY);
  EXPECT_THAT(calls, IsEmpty());
  EXPECT_EQ(ask(CONTROL_DESTROY_KEY, 2), CONTROL_OK);
  EXPECT_EQ(attach(2), CONTROL_OK);
}

TEST_F(Control, BadKeys) {
  const std::pair<security_status, std::uint32_t> answers[] = {
      {SECURITY_BAD_KEY, CONTROL_BAD_KEY},       {SECURITY_NOT_PERMITTED, CONTROL_BAD_KEY},
      {SECURITY_TAMPERED, CONTROL_NO_HARDWARE},  {SECURITY_BAD_SLOT, CONTROL_NO_HARDWARE},
      {SECURITY_BUS_ERROR, CONTROL_NO_HARDWARE},
  };
  for (const auto& [status, answer] : answers) {
    key_status = status;
    for (const std::uint32_t kind : {CONTROL_KEY_WRAPPED, CONTROL_KEY_EPHEMERAL}) {
      const control_result result = key(2, kind);
      EXPECT_EQ(result.status, answer);
      EXPECT_EQ(result.value, std::uint32_t{status});
    }
    EXPECT_EQ(attach(2, CONTROL_VOLUME_ENCRYPTED), CONTROL_NO_KEY);
  }
  key_status = SECURITY_OK;
  EXPECT_EQ(key(2, 2).status, CONTROL_UNKNOWN);  // no such kind
  EXPECT_EQ(key(kFunctions).status, CONTROL_NO_HARDWARE);
  EXPECT_EQ(key(0xffff).status, CONTROL_NO_HARDWARE);
  EXPECT_TRUE(keys.empty());
}

TEST_F(Control, ANewKeyReplacesTheOldOne) {
  key(2, CONTROL_KEY_EPHEMERAL);
  EXPECT_EQ(key(2).status, CONTROL_OK);
  EXPECT_FALSE(keys.at(SECURITY_FIRST_FREE_SLOT + 2).generated);
  key_status = SECURITY_BAD_KEY;
  EXPECT_EQ(key(2).status, CONTROL_BAD_KEY);
  EXPECT_TRUE(keys.empty());  // and a bad one leaves none
}

TEST_F(Control, NoKeyForAnAttachedVolume) {
  key(2);
  attach(2, CONTROL_VOLUME_ENCRYPTED);
  wrapped.clear();
  EXPECT_EQ(key(2).status, CONTROL_ALREADY_ATTACHED);
  EXPECT_TRUE(wrapped.empty());
  EXPECT_EQ(keys.size(), 1u);
}

TEST_F(Control, LogsHaveNoKeyBytes) {
  key(2, CONTROL_KEY_WRAPPED, 'K');
  key_status = SECURITY_BAD_KEY;
  key(2, CONTROL_KEY_WRAPPED, 'K');
  const std::string log = take_firmware_log();
  EXPECT_FALSE(log.empty());
  EXPECT_EQ(log.find("KK"), std::string::npos);
  EXPECT_EQ(log.find("4b4b"), std::string::npos);
}

TEST_F(Control, DestroyKey) {
  EXPECT_EQ(ask(CONTROL_DESTROY_KEY, 2), CONTROL_NO_KEY);
  EXPECT_EQ(ask(CONTROL_DESTROY_KEY, kFunctions), CONTROL_NO_HARDWARE);
  key(2);
  key(1);
  attach(2, CONTROL_VOLUME_ENCRYPTED);
  EXPECT_EQ(ask(CONTROL_DESTROY_KEY, 2), CONTROL_OK);
  EXPECT_EQ(keys.size(), 1u);
  EXPECT_TRUE(attached.count(2));
  EXPECT_EQ(ask(CONTROL_DESTROY_KEY, 2), CONTROL_NO_KEY);
}

TEST_F(Control, Detach) {
  key(2);
  key(1);
  attach(2, CONTROL_VOLUME_ENCRYPTED);
  calls.clear();
  EXPECT_EQ(ask(CONTROL_DETACH_VOLUME, 2), CONTROL_OK);
  EXPECT_THAT(calls, ElementsAre("hide", "detach", "destroy keys"));
  EXPECT_FALSE(keys.count(SECURITY_FIRST_FREE_SLOT + 2));
  EXPECT_TRUE(keys.count(SECURITY_FIRST_FREE_SLOT + 1));
  EXPECT_EQ(ciphers.at(2), cipher(SECURITY_FIRST_FREE_SLOT + 2));  // still
}

TEST_F(Control, DetachOfWhatIsNotAttached) {
  key(2);
  for (const std::uint16_t function : {0, 2, 4, 0xffff}) {
    EXPECT_EQ(ask(CONTROL_DETACH_VOLUME, function), CONTROL_NOT_ATTACHED);
  }
  EXPECT_THAT(calls, IsEmpty());
  EXPECT_EQ(keys.size(), 1u);
}

TEST_F(Control, AttachAgain) {
  key(2);
  attach(2, CONTROL_VOLUME_ENCRYPTED);
  ask(CONTROL_DETACH_VOLUME, 2);
  EXPECT_EQ(ask(CONTROL_DETACH_VOLUME, 2), CONTROL_NOT_ATTACHED);
  EXPECT_EQ(attach(2, CONTROL_VOLUME_ENCRYPTED), CONTROL_NO_KEY);  // the old key is gone
  EXPECT_EQ(key(2).status, CONTROL_OK);
  EXPECT_EQ(attach(2, CONTROL_VOLUME_ENCRYPTED), CONTROL_OK);
}

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

TEST_F(Control, StartVerifiesMeasuresReleases) {
  put_host_image();
  EXPECT_EQ(start().status, CONTROL_OK);
  EXPECT_THAT(calls, ElementsAre("verify", "measure", "release"));
  EXPECT_THAT(take_firmware_log(), HasSubstr("loader 0.1.2, 0 bytes, verified"));
  calls.clear();
  EXPECT_EQ(start().status, CONTROL_OK);  // again: nothing
  EXPECT_THAT(calls, IsEmpty());
}

TEST_F(Control, StartRefused) {
  put_host_image();
  for (int fault = IMAGE_BAD_MAGIC; fault <= IMAGE_ENGINE_FAILED; ++fault) {
    host_fault = static_cast<image_fault>(fault);
    development = fault % 2;
    const control_result result = start();
    EXPECT_EQ(result.status, CONTROL_HOST_IMAGE_REFUSED);
    EXPECT_EQ(result.value, static_cast<std::uint32_t>(fault));
    EXPECT_THAT(take_firmware_log(), HasSubstr(image_fault_text(host_fault)));
  }
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "release"), 0);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "measure"), 0);
  host_fault = IMAGE_GOOD;
  measure_fault = IMAGE_ENGINE_FAILED;
  EXPECT_EQ(start().value, std::uint32_t{IMAGE_ENGINE_FAILED});
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "release"), 0);
  measure_fault = IMAGE_GOOD;
  EXPECT_EQ(start().status, CONTROL_OK);  // it may be asked for again
}

TEST_F(Control, UnsignedHostImageIsSaidToBe) {
  development = true;
  put_host_image(IMAGE_UNSIGNED);
  EXPECT_EQ(start().status, CONTROL_OK);
  EXPECT_THAT(take_firmware_log(), HasSubstr("not signed"));
}

TEST_F(Control, NobodyVouchesForTheKey) {
  development = true;
  root_key = false;
  put_host_image();
  EXPECT_EQ(start().status, CONTROL_OK);
  EXPECT_THAT(take_firmware_log(), HasSubstr("unknown key"));
}

TEST_F(Control, ErasedHostFlash) {
  host_fault = IMAGE_BAD_MAGIC;
  EXPECT_EQ(start().status, CONTROL_HOST_IMAGE_REFUSED);
  development = true;
  take_firmware_log();
  calls.clear();
  EXPECT_EQ(start().status, CONTROL_OK);
  EXPECT_THAT(calls, ElementsAre("release"));  // and nothing is measured
  EXPECT_THAT(take_firmware_log(), HasSubstr("no boot image"));
}

TEST_F(Control, AlmostErasedHostFlashIsABadImage) {
  development = true;
  host_fault = IMAGE_BAD_MAGIC;
  host_flash[sizeof(image_header) - 1] = 0xfe;
  EXPECT_EQ(start().status, CONTROL_HOST_IMAGE_REFUSED);
}

TEST_F(Control, NoHostFlash) {
  host_flash.resize(sizeof(image_header) - 1);
  EXPECT_EQ(start().value, std::uint32_t{IMAGE_TRUNCATED});
  EXPECT_THAT(calls, IsEmpty());
  development = true;
  EXPECT_EQ(start().status, CONTROL_OK);
}

}  // namespace
}  // namespace cardvp
