// What the control plane asks the firmware for (platform/control_messages.h): the start of the host.
#include <algorithm>

#include "test/unit/firmware/console_fake.h"
#include "test/unit/firmware/control_fixture.h"

namespace cardvp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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
