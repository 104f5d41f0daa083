// What the control plane asks the firmware for (platform/control_messages.h): volumes and their keys.
#include <cstring>

#include "test/unit/firmware/console_fake.h"
#include "test/unit/firmware/control_fixture.h"

namespace cardvp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

}  // namespace
}  // namespace cardvp
