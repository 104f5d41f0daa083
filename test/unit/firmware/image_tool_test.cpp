// The program cardvp-image, as a user runs it. What it signs is verified by the program openssl.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "firmware/sdk/include/image.h"
#include "platform/test_root_key.h"

namespace {

using testing::HasSubstr;

const std::string kKeys = CARDVP_TEST_KEYS;
const std::string kRootKey = kKeys + "/test_root_key.pem", kRootPublic = kKeys + "/test_root_public.pem";
constexpr std::size_t kHeader = sizeof(image_header);

std::string test_root_key_hash() {
  std::string text;
  for (const std::uint8_t byte : cardvp::platform::kTestRootKeyHash) text += fmt::format("{:02x}", byte);
  return text;
}

struct ImageTool : testing::Test {
  ImageTool() {
    folder = std::filesystem::path(testing::TempDir()) /
             (std::string("cardvp-image-") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder);
    write("body", std::string(1000, 'b'));
  }
  ~ImageTool() override { std::filesystem::remove_all(folder); }

  std::string path(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  image_header header(const std::string& name) const {
    const std::string bytes = read(name);
    image_header header{};
    std::memcpy(&header, bytes.data(), std::min(bytes.size(), sizeof header));
    return header;
  }
  // `output` gets what the command printed, on both streams.
  int command(const std::string& line) {
    output.clear();
    FILE* pipe = popen(fmt::format("( {} ) </dev/null 2>&1", line).c_str(), "r");
    char buffer[256];
    while (fgets(buffer, sizeof buffer, pipe)) output += buffer;
    const int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int run(const std::string& arguments) { return command(fmt::format("{} {}", CARDVP_IMAGE_TOOL, arguments)); }
  int pack(const std::string& options) { return run("pack " + options + " " + path("body") + " " + path("image")); }
  int sign(const std::string& key) { return run(fmt::format("sign {} {} {}", key, path("image"), path("signed"))); }
  // openssl's exit status for the signature of an image. openssl wants r and s as ASN.1.
  int openssl_verifies(const std::string& name, const std::string& public_key) {
    const image_header image = header(name);
    write("message", std::string(reinterpret_cast<const char*>(&image), IMAGE_SIGNED_BYTES));
    std::string numbers;
    for (const char* which : {"r", "s"}) {
      numbers += fmt::format("{}=INTEGER:0x", which);
      for (int i = 0; i < 48; ++i) numbers += fmt::format("{:02x}", image.signature[(*which == 's' ? 48 : 0) + i]);
      numbers += '\n';
    }
    write("asn1", "asn1=SEQUENCE:numbers\n[numbers]\n" + numbers);
    EXPECT_EQ(command(fmt::format("openssl asn1parse -genconf {} -noout -out {}", path("asn1"), path("der"))), 0)
        << output;
    return command(
        fmt::format("openssl dgst -sha384 -verify {} -signature {} {}", public_key, path("der"), path("message")));
  }

  std::filesystem::path folder;
  std::string output;
};

TEST_F(ImageTool, PacksAndShows) {
  ASSERT_EQ(pack("--load SRAM --entry 0xb100010 --version 1.2.3 --security-version 4 --name hello"), 0) << output;
  EXPECT_EQ(std::filesystem::file_size(path("image")), kHeader + 1000u);
  EXPECT_EQ(read("image").substr(0, 4), "CVFW");
  EXPECT_EQ(read("image").substr(kHeader), std::string(1000, 'b'));
  ASSERT_EQ(run("info " + path("image")), 0) << output;
  for (const char* text : {"hello", "1.2.3", "0xb100000", "0xb100010", "1000 bytes", "none"})
    EXPECT_THAT(output, HasSubstr(text));
}

TEST_F(ImageTool, PacksForTheHost) {
  ASSERT_EQ(pack("--kind host-boot --version 1"), 0) << output;
  EXPECT_EQ(header("image").kind, static_cast<std::uint32_t>(IMAGE_HOST_BOOT));
  EXPECT_EQ(header("image").load_address, 0u);
  ASSERT_EQ(run("info " + path("image")), 0) << output;
  EXPECT_THAT(output, HasSubstr("host-boot"));
  EXPECT_EQ(pack("--kind host-boot --version 1 --load SRAM"), 1);
  EXPECT_NE(pack("--kind other --version 1"), 0);
}

TEST_F(ImageTool, BodyDigestIsSha384) {
  ASSERT_EQ(pack("--load SRAM --entry SRAM --version 1"), 0);
  ASSERT_EQ(command("openssl dgst -sha384 -r " + path("body")), 0);
  std::string digest;
  for (const std::uint8_t byte : header("image").body_digest) digest += fmt::format("{:02x}", byte);
  EXPECT_EQ(output.substr(0, 96), digest);
}

TEST_F(ImageTool, SignsSoThatOpensslAgrees) {
  ASSERT_EQ(pack("--load SRAM --entry SRAM --version 1 --sign " + kRootKey), 0) << output;
  EXPECT_EQ(openssl_verifies("image", kRootPublic), 0) << output;
  EXPECT_EQ(openssl_verifies("image", kKeys + "/test_operator_public.pem"), 1) << output;
  ASSERT_EQ(run("info " + path("image")), 0) << output;
  EXPECT_THAT(output, HasSubstr("P-384"));
  EXPECT_THAT(output, HasSubstr(test_root_key_hash()));  // the fuses' default is this key's
  ASSERT_EQ(command(fmt::format("openssl pkey -pubin -in {} -outform DER | tail -c 96 | openssl dgst -sha384 -r",
                                kRootPublic)),
            0);
  EXPECT_EQ(output.substr(0, 96), test_root_key_hash());
}

TEST_F(ImageTool, SignsAnImageAgain) {
  ASSERT_EQ(pack("--load SRAM --entry SRAM --version 1"), 0) << output;
  ASSERT_EQ(sign(kKeys + "/test_operator_key.pem"), 0) << output;
  EXPECT_EQ(openssl_verifies("signed", kKeys + "/test_operator_public.pem"), 0) << output;
  ASSERT_EQ(run(fmt::format("sign {} {} {}", kRootKey, path("signed"), path("signed"))), 0) << output;  // in its place
  EXPECT_EQ(openssl_verifies("signed", kRootPublic), 0) << output;
  ASSERT_EQ(pack("--load SRAM --entry SRAM --version 1 --sign " + kRootKey), 0) << output;
  EXPECT_EQ(read("signed"), read("image"));
}

TEST_F(ImageTool, SameInputSameImage) {
  pack("--load SRAM --entry SRAM --version 1 --sign " + kRootKey);
  const std::string first = read("image");
  pack("--load SRAM --entry SRAM --version 1 --sign " + kRootKey);
  EXPECT_EQ(read("image"), first);
}

TEST_F(ImageTool, KeysOfNoUse) {
  ASSERT_EQ(pack("--load SRAM --entry SRAM --version 1"), 0);
  const auto make = [&](const std::string& name, const std::string& options) {
    EXPECT_EQ(command(fmt::format("openssl genpkey {} -out {}", options, path(name))), 0) << output;
    return path(name);
  };
  EXPECT_EQ(sign(path("none")), 1);
  EXPECT_THAT(output, HasSubstr(path("none") + ": the key cannot be read"));
  EXPECT_EQ(sign(folder.string()), 1);
  EXPECT_EQ(sign(path("body")), 1);
  EXPECT_THAT(output, HasSubstr("no private key"));
  EXPECT_EQ(sign(kRootPublic), 1);
  EXPECT_THAT(output, HasSubstr("a public key; signing needs the private one"));
  EXPECT_EQ(sign(make("p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256")), 1);
  EXPECT_THAT(output, HasSubstr("prime256v1; one of P-384"));
  EXPECT_EQ(sign(make("brainpool", "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP384r1")), 1);
  EXPECT_THAT(output, HasSubstr("brainpoolP384r1; one of P-384"));
  EXPECT_EQ(sign(make("ed", "-algorithm ED448")), 1);
  EXPECT_THAT(output, HasSubstr("ED448"));
  EXPECT_EQ(sign(make("good", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384")), 0) << output;
  std::filesystem::remove(path("signed"));
  EXPECT_EQ(pack("--load SRAM --entry SRAM --version 1 --sign " + path("none")), 1);
  EXPECT_FALSE(std::filesystem::exists(path("signed")));
}

TEST_F(ImageTool, RefusesWhatTheRomWouldRefuse) {
  EXPECT_EQ(pack("--load 0x1000 --entry 0x1000 --version 1"), 1);
  EXPECT_THAT(output, HasSubstr("load address"));
  EXPECT_EQ(pack("--load SRAM --entry 0xb1003e8 --version 1"), 1);  // the first byte behind the body
  EXPECT_THAT(output, HasSubstr("entry"));
  EXPECT_EQ(pack("--load 0xb1ffff8 --entry 0xb1ffff8 --version 1"), 1);
  write("body", "");
  EXPECT_EQ(pack("--load SRAM --entry SRAM --version 1"), 1);
  EXPECT_FALSE(std::filesystem::exists(path("image")));
}

TEST_F(ImageTool, RefusesABodyThatIsLongerThanASlot) {
  std::filesystem::resize_file(path("body"), 0x1000000 - kHeader + 1);
  EXPECT_EQ(pack("--load DRAM --entry DRAM --version 1"), 1);
  EXPECT_THAT(output, HasSubstr("fit"));
  std::filesystem::resize_file(path("body"), 0x1000000 - kHeader);
  EXPECT_EQ(pack("--load DRAM --entry DRAM --version 1"), 0) << output;
}

TEST_F(ImageTool, RefusesBadOptions) {
  for (const char* options :
       {"--load NOWHERE --entry SRAM --version 1", "--load -1 --entry SRAM --version 1",
        "--load 0xb100000x --entry SRAM --version 1", "--load 99999999999999999999 --entry SRAM --version 1",
        "--load '' --entry SRAM --version 1", "--load SRAM --entry SRAM --version 256",
        "--load SRAM --entry SRAM --version 1.", "--load SRAM --entry SRAM --version 1.2.3.4",
        "--load SRAM --entry SRAM --version x", "--load SRAM --entry SRAM --version 1 --security-version 4294967296",
        "--load SRAM --entry SRAM --version 1 --name abcdefghijklmnopqrstu",
        "--load SRAM --entry SRAM --version 1 --name ''", "--load SRAM --version 1", "--entry SRAM --version 1"}) {
    EXPECT_EQ(pack(options), 1) << options << "\n" << output;
    EXPECT_FALSE(std::filesystem::exists(path("image"))) << options;
  }
  EXPECT_NE(pack("--load SRAM --entry SRAM"), 0);
  EXPECT_NE(run(""), 0);
}

TEST_F(ImageTool, FilesThatAreNotThere) {
  EXPECT_EQ(run("pack --load SRAM --entry SRAM --version 1 " + path("none") + " " + path("image")), 1);
  EXPECT_THAT(output, HasSubstr(path("none")));
  EXPECT_EQ(run("pack --load SRAM --entry SRAM --version 1 " + path("body") + " " + path("none/image")), 1);
  EXPECT_EQ(run("info " + path("none")), 1);
  EXPECT_EQ(run("info " + folder.string()), 1);
  EXPECT_EQ(run(fmt::format("sign {} {} {}", kRootKey, path("none"), path("signed"))), 1);
}

TEST_F(ImageTool, InfoAndSignFindDamage) {
  ASSERT_EQ(pack("--load SRAM --entry SRAM --version 1 --sign " + kRootKey), 0);
  const std::string good = read("image");
  const auto info_of = [&](const std::string& bytes) {
    write("image", bytes);
    const int signing = sign(kRootKey);
    const int status = run("info " + path("image"));
    EXPECT_EQ(signing, status);
    return status;
  };
  EXPECT_EQ(info_of(good), 0);
  EXPECT_EQ(info_of(good + "more"), 0);  // a flash is longer than what is in it
  EXPECT_EQ(read("signed"), good);
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, kHeader - 1, kHeader, kHeader + 999}) {
    EXPECT_EQ(info_of(good.substr(0, length)), 1);
    EXPECT_THAT(output, HasSubstr("truncated"));
  }
  const auto damaged = [&](std::size_t at) {
    std::string image = good;
    image[at] = static_cast<char>(image[at] ^ 1);
    EXPECT_EQ(info_of(image), 1) << at;
    return output;
  };
  EXPECT_THAT(damaged(0), HasSubstr("magic"));
  EXPECT_THAT(damaged(offsetof(image_header, version)), HasSubstr("signature is wrong"));
  EXPECT_THAT(damaged(offsetof(image_header, body_digest)), HasSubstr("signature is wrong"));
  EXPECT_THAT(damaged(offsetof(image_header, public_key)), HasSubstr("signature is wrong"));
  EXPECT_THAT(damaged(offsetof(image_header, signature)), HasSubstr("signature is wrong"));
  EXPECT_THAT(damaged(kHeader - 1), HasSubstr("signature is wrong"));
  EXPECT_THAT(damaged(kHeader), HasSubstr("digest"));
  EXPECT_THAT(damaged(kHeader + 999), HasSubstr("digest"));
}

TEST(ImagesOfTheBuild, AreSignedByTheTestRootKey) {
  for (const char* name : {"controller", "controller-update", "host_boot"}) {
    FILE* pipe =
        popen(fmt::format("{} info {}/{}.img 2>&1", CARDVP_IMAGE_TOOL, CARDVP_FIRMWARE_DIR, name).c_str(), "r");
    std::string output;
    char buffer[256];
    while (fgets(buffer, sizeof buffer, pipe)) output += buffer;
    EXPECT_EQ(pclose(pipe), 0) << output;
    EXPECT_THAT(output, HasSubstr(test_root_key_hash())) << name;
  }
}

}  // namespace
