// The card's volumes under Linux's own nvme driver.
#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/guest/guest.h"

namespace cardvp::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kDisk = wait_for("[ -b /dev/nvme0n1 ]");

struct NvmeGuest : testing::Test {
  // A card with a disk alone.
  static json disk() {
    json card = scenario("guest");
    card["card"].erase("interfaces");
    card.erase("wire");
    return card;
  }

  void start(const json& card, GuestConfig config = {}, const std::vector<std::string>& options = {}) {
    serve.emplace(card, options);
    config.sockets = {serve->socket("disk")};
    guest.emplace(config, serve->folder());
    ASSERT_TRUE(guest->up()) << guest->console() << guest->qemu().output() << serve->output();
  }
  std::string run(const std::string& script, std::chrono::seconds limit = 300s) {
    const Guest::Result result = guest->run(script, limit);
    EXPECT_EQ(result.status, 0) << script << "\n" << result.out;
    return result.out;
  }
  void end() {
    EXPECT_THAT(guest->complaints(), IsEmpty());
    guest.reset();
    expect_quiet_end(*serve);
  }

  std::optional<Serve> serve;
  std::optional<Guest> guest;
};

TEST_F(NvmeGuest, IdentifiesItself) {
  SKIP_WITHOUT_GUEST();
  start(disk());
  EXPECT_EQ(run(kDisk + "basename $(readlink /sys/class/nvme/nvme0/device/driver)"), "nvme\n");
  const json controller = json::parse(run("nvme id-ctrl /dev/nvme0 -o json"));
  EXPECT_EQ(controller["vid"], 0x1d0f);
  EXPECT_THAT(controller["mn"].get<std::string>(), HasSubstr("Amazon EC2 NVMe Instance Storage"));
  const json space = json::parse(run("nvme id-ns /dev/nvme0n1 -o json"));
  EXPECT_EQ(space["nsze"], 256 * 2048);
  EXPECT_THAT(run("nvme list-ns /dev/nvme0"), HasSubstr("0]:0x1"));
  EXPECT_EQ(run("nvme list-ns /dev/nvme0 | wc -l"), "1\n");
  run("dd if=/dev/urandom of=/dev/nvme0n1 bs=64k count=16 oflag=direct; dd if=/dev/nvme0n1 of=/dev/null bs=64k "
      "count=16 iflag=direct");
  const json smart = json::parse(run("nvme smart-log /dev/nvme0 -o json"));
  EXPECT_EQ(smart["critical_warning"], 0);
  EXPECT_EQ(smart["media_errors"], "0");
  for (const char* const count : {"host_write_commands", "host_read_commands"})
    EXPECT_GE(std::stoul(smart[count].get<std::string>()), 16u);
  EXPECT_EQ(json::parse(run("nvme error-log /dev/nvme0 -o json"))["errors"][0]["error_count"], 0);
  // A read beyond the end is refused, told of in the error log, and hurts nobody.
  EXPECT_NE(guest->run("nvme read /dev/nvme0n1 --start-block=524288 --block-count=0 --data-size=512").status, 0);
  EXPECT_EQ(json::parse(run("nvme error-log /dev/nvme0 -o json"))["errors"][0]["error_count"], 1);
  EXPECT_THAT(run("nvme list"), HasSubstr("/dev/nvme0n1"));
  end();
}

// All depths and sizes, each block verified, as one fio: starting it takes longer than most of its jobs.
TEST_F(NvmeGuest, WritesAndVerifies) {
  SKIP_WITHOUT_GUEST();
  start(disk());
  std::string jobs;
  for (const char* const size : {"512", "4k", "64k", "1m"})
    for (const unsigned depth : {1u, 4u, 16u, 64u})
      jobs += fmt::format(" --name=bs{}-qd{} --stonewall --bs={} --iodepth={} --io_size={}", size, depth, size, depth,
                          std::string(size) == "512"  ? "256k"
                          : std::string(size) == "4k" ? "2m"
                                                      : "16m");
  const std::string out =
      run(kDisk +
              "fio --filename=/dev/nvme0n1 --direct=1 --ioengine=libaio --rw=randwrite --size=32m --verify=crc32c "
              "--verify_fatal=1 --do_verify=1 --randrepeat=0 --output-format=terse" +
              jobs,
          600s);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 16) << out;
  end();
}

TEST_F(NvmeGuest, HoldsAFileSystem) {
  SKIP_WITHOUT_GUEST();
  start(disk());
  run(kDisk + "mke2fs -q -t ext4 /dev/nvme0n1");
  run("mkdir /disk; mount -t ext4 /dev/nvme0n1 /disk && cp -a /usr /disk/ && sync");
  run("umount /disk && e2fsck -f -n /dev/nvme0n1");
  run("mount -t ext4 -o ro /dev/nvme0n1 /disk && cd /usr && find . -type f | xargs sha256sum > /tmp/sums && "
      "cd /disk/usr && sha256sum -c -s /tmp/sums");
  end();
}

// The driver resets the controller, then the function, then lets go of it and takes it again, all while fio writes.
TEST_F(NvmeGuest, SurvivesResetsUnderLoad) {
  SKIP_WITHOUT_GUEST();
  start(disk());
  const std::string load =
      "fio --name=load --filename=/dev/nvme0n1 --direct=1 --ioengine=libaio --iodepth=16 --rw=randwrite --bs=4k "
      "--size=32m --time_based --runtime=6 --verify=crc32c --verify_fatal=1 --output-format=terse >/tmp/load 2>&1";
  run(kDisk + "(" + load +
      "; echo $? >/tmp/status) & for i in 1 2 3 4 5; do sleep 1; nvme reset /dev/nvme0 || exit 1; done; " +
      wait_for("[ -e /tmp/status ]") + "cat /tmp/load; exit $(cat /tmp/status)");
  run("cd /sys/bus/pci/devices/0000:01:00.0 && grep -q flr reset_method && echo flr > reset_method && echo 1 > reset "
      "&& "
      "dd if=/dev/nvme0n1 of=/dev/null bs=64k count=100 iflag=direct");
  run("for i in 1 2 3; do echo 0000:01:00.0 > /sys/bus/pci/drivers/nvme/unbind; "
      "echo 0000:01:00.0 > /sys/bus/pci/drivers/nvme/bind; " +
      kDisk + "dd if=/dev/nvme0n1 of=/dev/null bs=64k count=100 iflag=direct || exit 1; done");
  end();
}

// Once by the book; once the volume goes first, and the guest finds a device that answers nothing. (QEMU's own removal,
// device_del, ends QEMU 11.1 by a failed assertion if a vfio-user device has MSI-X.)
TEST_F(NvmeGuest, TakesASecondVolumeAndLosesIt) {
  SKIP_WITHOUT_GUEST();
  GuestConfig config;
  config.empty_ports = 2;
  start(disk(), config);
  for (const unsigned port : {1u, 2u}) {
    const Ended attached = serve->call("attach_volume", {{"volume", "later"}});
    ASSERT_EQ(attached.status, 0) << attached.error;
    const json added = guest->monitor("device_add", Guest::device(serve->socket("later"), fmt::format("rp{}", port)));
    ASSERT_TRUE(added.contains("return")) << added;
    run(wait_for("[ -b /dev/nvme1n1 ]") +
        "[ $(cat /sys/class/block/nvme1n1/queue/logical_block_size) = 4096 ] && "
        "fio --name=second --filename=/dev/nvme1n1 --direct=1 --ioengine=libaio --iodepth=8 --rw=randwrite --bs=4k "
        "--size=4m --verify=crc32c --verify_fatal=1 --output-format=terse");
    const std::string remove = fmt::format("echo 1 > /sys/bus/pci/devices/0000:0{}:00.0/remove\n", port + 1);
    if (port == 1) run(remove);
    const Ended detached = serve->call("detach_volume", {{"volume", "later"}});
    ASSERT_EQ(detached.status, 0) << detached.error;
    if (port == 2) {
      EXPECT_THAT(guest->complaints(), IsEmpty());
      EXPECT_THAT(run("lspci -s 03:00.0 -xxx | grep ^00"), HasSubstr(" ff ff"));
      run(remove);
    }
    run(wait_for("[ ! -e /dev/nvme1n1 ]"));
  }
  run("dd if=/dev/nvme0n1 of=/dev/null bs=64k count=100 iflag=direct");
  end();
}

// The PC's firmware loads GRUB from the volume, GRUB the kernel, and the kernel has its root there; then a reboot.
TEST_F(NvmeGuest, BootsFromAVolume) {
  SKIP_WITHOUT_GUEST();
  json card = disk();
  const Folder folder;
  std::filesystem::copy_file(CARDVP_SOURCE_DIR "/build/guest/x86/disk.img", folder / "disk.img");
  card["card"]["volumes"][0]["medium"] = {{"type", "file"}, {"path", folder / "disk.img"}};
  GuestConfig config;
  config.boot = true;
  start(card, config);
  EXPECT_THAT(run("cat /proc/cmdline"), HasSubstr("guest_root=/dev/nvme0n1p1"));
  EXPECT_THAT(run("grep ' / ' /proc/mounts"), HasSubstr("/dev/nvme0n1p1 / ext4"));
  run("echo here > /root/kept && sync");
  guest->begin("reboot -f");
  ASSERT_TRUE(guest->up());
  EXPECT_EQ(run("cat /root/kept"), "here\n");
  end();
}

// Memory that only QEMU can reach, doorbells that are not mapped: everything by messages.
TEST_F(NvmeGuest, WorksWithoutSharedMemory) {
  SKIP_WITHOUT_GUEST();
  GuestConfig config;
  config.shared = false;
  start(disk(), config, {"--doorbells", "messages"});
  run(kDisk +
      "fio --name=messages --filename=/dev/nvme0n1 --direct=1 --ioengine=libaio --iodepth=8 --rw=randwrite --bs=16k "
      "--size=4m --verify=crc32c --verify_fatal=1 --output-format=terse");
  end();
}

// Killed under load; the next guest finds the disk as it was left, and a function that is as after a reset.
TEST_F(NvmeGuest, IsReplacedByANewGuest) {
  SKIP_WITHOUT_GUEST();
  start(disk());
  run(kDisk + "echo mark | dd of=/dev/nvme0n1 bs=512 count=1 conv=sync oflag=direct seek=200000");
  guest->begin(
      "fio --name=load --filename=/dev/nvme0n1 --direct=1 --ioengine=libaio --iodepth=32 --rw=randwrite --bs=64k "
      "--size=32m --time_based --runtime=60");
  std::this_thread::sleep_for(2s);
  guest->qemu().signal(SIGKILL);
  EXPECT_EQ(guest->qemu().status(), 128 + SIGKILL);
  GuestConfig config;
  config.sockets = {serve->socket("disk")};
  guest.emplace(config, serve->folder(), "second");
  ASSERT_TRUE(guest->up()) << guest->console() << guest->qemu().output();
  EXPECT_EQ(run(kDisk + "dd if=/dev/nvme0n1 bs=512 count=1 skip=200000 iflag=direct 2>/dev/null | head -c 4"), "mark");
  end();
}

}  // namespace
}  // namespace cardvp::test
