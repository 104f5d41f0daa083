// cardvp-image: packs a binary into an image (firmware/sdk/include/image.h), signs it, and shows what is in one. Exit
// status: 0 good; 1 the image is bad, or a file cannot be read or written; CLI11's for wrong usage.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

#include "firmware/tools/image_file.h"
#include "firmware/tools/memory_regions.h"
#include "firmware/tools/signing_key.h"

namespace cardvp::tools {
namespace {

std::uint64_t number(const std::string& text, std::uint64_t most) {
  std::size_t used = 0;
  std::uint64_t value = 0;
  try {
    if (!text.empty() && text[0] >= '0' && text[0] <= '9') value = std::stoull(text, &used, 0);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != text.size() || value > most)
    throw std::invalid_argument(fmt::format("\"{}\" is not a number from 0 to {}", text, most));
  return value;
}

std::uint64_t address(const std::string& text) {
  const bool named = !text.empty() && (text[0] < '0' || text[0] > '9');
  return named ? region(text).base : number(text, ~std::uint64_t{0});
}

// MAJOR[.MINOR[.PATCH]]
std::uint32_t version(const std::string& text) {
  constexpr std::array<std::uint64_t, 3> most{0xff, 0xff, 0xffff};
  constexpr std::array<unsigned, 3> lsb{24, 16, 0};
  std::uint32_t value = 0;
  std::size_t at = 0;
  for (std::size_t part = 0; part < most.size(); ++part) {
    const std::size_t dot = text.find('.', at);
    value |= static_cast<std::uint32_t>(number(text.substr(at, dot - at), most[part]) << lsb[part]);
    if (dot == std::string::npos) return value;
    at = dot + 1;
  }
  throw std::invalid_argument(fmt::format("\"{}\" is not MAJOR.MINOR.PATCH", text));
}

struct Options {
  std::string kind = "firmware", load, entry, version, security_version = "0", name = "firmware", key, input, output;
};

void pack(const Options& options) {
  Image image;
  image_header& header = image.header;
  header.kind = options.kind == "host-boot" ? IMAGE_HOST_BOOT : IMAGE_FIRMWARE;
  header.version = version(options.version);
  header.security_version = static_cast<std::uint32_t>(number(options.security_version, 0xffffffff));
  if (header.kind == IMAGE_FIRMWARE) {
    if (options.load.empty() || options.entry.empty()) throw std::invalid_argument("firmware needs --load and --entry");
    header.load_address = address(options.load);
    header.entry = address(options.entry);
  } else if (!options.load.empty() || !options.entry.empty()) {
    throw std::invalid_argument("a host boot image has neither --load nor --entry");
  }
  if (options.name.size() > sizeof header.name) throw std::invalid_argument("the name is longer than 20 characters");
  options.name.copy(header.name, sizeof header.name);
  image.body = read_file(options.input);
  complete(image);
  if (!options.key.empty()) sign(image, SigningKey(options.key));
  write_image(image, options.output);
}

void sign_again(const Options& options) {
  const SigningKey key(options.key);
  Image image = read_image(options.input);
  sign(image, key);
  write_image(image, options.output);
}

std::string hexadecimal(const Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

void info(const std::string& path) {
  const Image image = read_image(path);
  const image_header& header = image.header;
  const auto line = [](const char* what, const std::string& value) { fmt::print("{:<18}{}\n", what, value); };
  line("kind", header.kind == IMAGE_HOST_BOOT ? "host-boot" : "firmware");
  line("name", std::string(header.name, strnlen(header.name, sizeof header.name)));
  line("version", fmt::format("{}.{}.{}", header.version >> 24, header.version >> 16 & 0xff, header.version & 0xffff));
  line("security version", fmt::format("{}", header.security_version));
  if (header.kind == IMAGE_FIRMWARE) {
    line("load address", fmt::format("{:#x}", header.load_address));
    line("entry", fmt::format("{:#x}", header.entry));
  }
  line("body", fmt::format("{} bytes", header.body_size));
  line("body digest", hexadecimal(sha384(image.body)));
  if (header.signature_type == IMAGE_UNSIGNED) return line("signature", "none");
  line("signature", "ECDSA P-384, good for the key in the header");
  line("root key hash", hexadecimal(sha384(public_key_of(header))));
}

int run(int argc, char** argv) {
  CLI::App app{
      "Packs, signs and shows images for cardvp: firmware for its boot ROM, and host boot images.\n"
      "Signatures are ECDSA P-384 over SHA-384 with the nonces of RFC 6979: the same input gives the same image."};
  app.require_subcommand(1);

  Options options;
  CLI::App* pack_command = app.add_subcommand("pack", "Makes an image out of a raw binary, and signs it with --sign.");
  pack_command->add_option("--kind", options.kind, "firmware, or host-boot: for the host's boot flash")
      ->check(CLI::IsMember({"firmware", "host-boot"}))
      ->capture_default_str();
  pack_command->add_option("--load", options.load, "Where firmware runs: an address, or a region's name (SRAM)");
  pack_command->add_option("--entry", options.entry, "Where it is entered: likewise");
  pack_command->add_option("--version", options.version, "MAJOR[.MINOR[.PATCH]]")->required();
  pack_command->add_option("--security-version", options.security_version, "Must not be below the card's fuses")
      ->capture_default_str();
  pack_command->add_option("--name", options.name, "Up to 20 characters, for the boot log")->capture_default_str();
  pack_command->add_option("--sign", options.key, "The root key: a private P-384 key in PEM. Without: not signed");
  pack_command->add_option("IN", options.input, "Raw binary")->required();
  pack_command->add_option("OUT", options.output, "Image")->required();

  CLI::App* sign_command = app.add_subcommand("sign", "Signs an image, whether it is signed already or not.");
  sign_command->add_option("KEY", options.key, "The root key: a private P-384 key in PEM")->required();
  sign_command->add_option("IN", options.input, "Image")->required();
  sign_command->add_option("OUT", options.output, "Signed image; may be IN")->required();

  CLI::App* info_command = app.add_subcommand(
      "info",
      "Checks an image, digest and signature included, and shows its header. The root key hash is what a\n"
      "card's fuses must hold to take it (/card/fuses/root_key_hash).");
  info_command->add_option("FILE", options.input, "Image")->required();

  CLI11_PARSE(app, argc, argv);
  if (*pack_command) pack(options);
  if (*sign_command) sign_again(options);
  if (*info_command) info(options.input);
  return 0;
}

}  // namespace
}  // namespace cardvp::tools

int main(int argc, char** argv) {
  try {
    return cardvp::tools::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "cardvp-image: {}\n", error.what());
    return 1;
  }
}
