// The control plane against firmware that answers late, twice, not at all, or what nobody asked.
#include "platform/control_plane.h"

#include "image.h"
#include "test/unit/platform/control_fixture.h"

namespace cardvp {
namespace {

using platform::ControlPlane;
using platform::ControlResult;
using platform::plain_request;
using testing::ElementsAre;
using testing::IsEmpty;

struct ControlPlaneTest : ControlFixture {
  // Asks for a ping; the results end up in `results`.
  void ask() {
    control_plane_.request(plain_request(CONTROL_PING),
                           [this](const ControlResult& result) { results.push_back(result); });
  }
  std::uint64_t denied() { return count("control_plane.denied"); }

  std::vector<ControlResult> results;
};

TEST_F(ControlPlaneTest, StartsTheCard) {
  reset_card();
  const std::vector<Request> requests = take();
  std::vector<std::pair<std::uint16_t, std::uint16_t>> sent;
  for (const Request& request : requests) sent.emplace_back(request.type(), request.header().function);
  EXPECT_THAT(
      sent, ElementsAre(std::pair(CONTROL_ATTACH_VOLUME, 0), std::pair(CONTROL_VOLUME_KEY, 2),
                        std::pair(CONTROL_ATTACH_VOLUME, 2), std::pair(CONTROL_START, 0), std::pair(CONTROL_PING, 0)));
  EXPECT_EQ(requests[0].as<control_attach_volume>().flags, 0u);
  EXPECT_EQ(requests[1].as<control_volume_key>().kind, std::uint32_t{CONTROL_KEY_EPHEMERAL});
  EXPECT_EQ(requests[2].as<control_attach_volume>().flags, std::uint32_t{CONTROL_VOLUME_ENCRYPTED});
  EXPECT_FALSE(control_plane_.started());

  for (const Request& request : requests) send(result_of(request, CONTROL_OK, 0x01020003));
  EXPECT_TRUE(control_plane_.started());
  EXPECT_TRUE(control_plane_.attached(0));
  EXPECT_FALSE(control_plane_.attached(1));
  EXPECT_TRUE(control_plane_.attached(2));
  EXPECT_FALSE(control_plane_.attached(3));
  EXPECT_EQ(control_plane_.firmware_version(), "1.2.3");
  EXPECT_THAT(control_plane_.refusals(), IsEmpty());
  EXPECT_EQ(alarms_.count(), 0u);
}

TEST_F(ControlPlaneTest, KeepsWhatTheFirmwareRefusesAtTheStart) {
  reset_card();
  const std::vector<Request> requests = take();
  send(result_of(requests.at(0), CONTROL_NO_HARDWARE));
  send(result_of(requests.at(1), CONTROL_BAD_KEY));
  send(result_of(requests.at(2), CONTROL_NO_KEY));
  send(result_of(requests.at(3), 77));
  EXPECT_THAT(control_plane_.refusals(),
              ElementsAre("attach volume plain (function 0): no hardware",
                          "take the key of volume scratch (function 2): the key was not wrapped for this card, or is "
                          "of no use",
                          "attach volume scratch (function 2): no key", "start: status 77"));
  EXPECT_FALSE(control_plane_.started());
  EXPECT_FALSE(control_plane_.attached(0));
  reset_card();
  EXPECT_THAT(control_plane_.refusals(), IsEmpty());
}

TEST_F(ControlPlaneTest, DeliversEachResultOnceInAnyOrder) {
  std::vector<int> order;
  for (int n = 0; n < 3; ++n)
    control_plane_.request(plain_request(CONTROL_PING), [&order, n](const ControlResult&) { order.push_back(n); });
  const std::vector<Request> requests = take();
  ASSERT_EQ(requests.size(), 3u);
  for (const std::size_t n : {2, 0, 1}) send(result_of(requests[n]));
  EXPECT_THAT(order, ElementsAre(2, 0, 1));
  EXPECT_EQ(alarms_.count(), 0u);

  send(result_of(requests[1]));
  EXPECT_EQ(order.size(), 3u) << "a second answer";
  EXPECT_EQ(denied(), 1u);
  EXPECT_EQ(count("alarms.forbidden_message"), 1u);
}

TEST_F(ControlPlaneTest, DeniesWhatNobodyAsked) {
  ask();
  const Request request = take().at(0);
  control_result unknown = result_of(request), other_type = unknown, other_function = unknown;
  unknown.header.tag += 1000;
  other_type.request = CONTROL_START;
  other_function.header.function = 7;
  for (const control_result& result : {unknown, other_type, other_function}) send(result);
  for (const std::uint16_t type : {0, 1, 2, 4, 5, 6, 7, 8, 0xffff}) send(control_header{type, 0, request.header().tag});
  EXPECT_THAT(results, IsEmpty());
  EXPECT_FALSE(control_plane_.started());
  EXPECT_EQ(denied(), 12u);
  EXPECT_EQ(count("alarms.forbidden_message"), 12u);
  EXPECT_EQ(alarms_.kept().at(3).text, "the firmware sent the control plane a message of type 0");

  send(result_of(request));
  EXPECT_EQ(results.size(), 1u) << "none of it took the answer's place";
}

TEST_F(ControlPlaneTest, AResetEndsWhatIsOutstanding) {
  ask();
  const Request request = take().at(0);
  reset_card();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].end, ControlResult::End::kReset);
  EXPECT_FALSE(results[0].ok());
  EXPECT_EQ(results[0].text(), "the card was reset");

  // What the firmware says now answers nothing of this life, whatever tags it has.
  const std::vector<Request> fresh = take();
  for (const Request& other : fresh) EXPECT_NE(other.header().tag, request.header().tag);
  send(result_of(request));
  EXPECT_EQ(results.size(), 1u);
  EXPECT_EQ(denied(), 1u);
}

TEST_F(ControlPlaneTest, ARequestMadeWhileAResetEndsAnother) {
  control_plane_.request(plain_request(CONTROL_PING), [this](const ControlResult&) { ask(); });
  take();
  reset_card();
  EXPECT_THAT(answer_all(), ElementsAre(CONTROL_ATTACH_VOLUME, CONTROL_VOLUME_KEY, CONTROL_ATTACH_VOLUME, CONTROL_START,
                                        CONTROL_PING, CONTROL_PING));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(results[0].ok());
}

TEST_F(ControlPlaneTest, AFirmwareThatDoesNotAnswer) {
  reset_card();
  ask();
  run_for(400);
  ask();
  run_for(ControlPlane::kPatienceMs - 401);
  EXPECT_THAT(results, IsEmpty());
  run_for(2);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].end, ControlResult::End::kNoAnswer);
  run_for(400);
  EXPECT_EQ(results.size(), 2u);

  answer_all();
  EXPECT_EQ(results.size(), 2u);
  EXPECT_EQ(alarms_.count(), 0u) << "late is not forbidden";
  EXPECT_TRUE(control_plane_.started()) << "a start may take as long as it takes";
}

TEST_F(ControlPlaneTest, OutstandingRequestsAreBounded) {
  reset_card();
  for (std::size_t n = 0; n < ControlPlane::kMostOutstanding; ++n) ask();
  EXPECT_THAT(results, IsEmpty());
  ask();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].end, ControlResult::End::kBusy);
  run_for(ControlPlane::kPatienceMs + 1);
  EXPECT_EQ(results.size(), 1 + ControlPlane::kMostOutstanding);
  ask();
  EXPECT_EQ(results.back().end, ControlResult::End::kBusy) << "those that were given up are still in the mailbox";
  reset_card();
  ask();
  answer_all();
  EXPECT_TRUE(results.back().ok());
}

TEST(ControlRequests, VersionsAndResultsInWords) {
  EXPECT_EQ(platform::version_text(0xff01ffff), "255.1.65535");
  ControlResult refused;
  refused.status = CONTROL_HOST_IMAGE_REFUSED;
  refused.value = IMAGE_NOT_SIGNED;
  EXPECT_EQ(refused.text(), std::string("the host's boot image was refused: ") + image_fault_text(IMAGE_NOT_SIGNED));
  refused.value = 0xffffffff;
  EXPECT_EQ(refused.text(), "the host's boot image was refused: fault 4294967295");
}

}  // namespace
}  // namespace cardvp
