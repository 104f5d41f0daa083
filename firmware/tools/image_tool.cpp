// cardvp-image: packs a firmware binary into the image that the boot ROM loads (firmware/sdk/include/image.h), and
// shows what is in one. Exit status: 0 good; 1 the image is bad, or a file cannot be read or written; CLI11's for wrong
// usage.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "firmware/sdk/include/crc32.h"
#include "firmware/sdk/include/image.h"

namespace {

struct Region {
  const char* name;
  std::uint64_t base;
  std::uint64_t size;  // bytes
};
constexpr Region kRegions[] = {
#define REGION(name, base, size, what) {#name, base, size},
#define INTERRUPT(name, id, what)
#include "platform/memory_map.def"
#undef REGION
#undef INTERRUPT
};

const Region& region(const std::string& name) {
  for (const Region& region : kRegions)
    if (name == region.name) return region;
  throw std::invalid_argument(fmt::format("\"{}\" is neither an address nor a region of the memory map", name));
}

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

std::vector<char> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) throw std::runtime_error(path + ": cannot be read");
  return bytes;
}

const char* describe(image_fault fault) {
  switch (fault) {
    case IMAGE_GOOD: return "good";
    case IMAGE_BAD_MAGIC: return "bad magic: not a firmware image";
    case IMAGE_BAD_HEADER_CRC: return "header CRC wrong";
    case IMAGE_BAD_FORMAT: return "unknown header format";
    case IMAGE_BAD_NAME: return "the name is empty or not printable";
    case IMAGE_TRUNCATED: return "truncated: header and body are longer than the file, or than the flash";
    case IMAGE_BAD_LOAD_ADDRESS: return "the body does not fit the memory at its load address, or is empty";
    case IMAGE_BAD_ENTRY: return "the entry is not in the body";
    case IMAGE_OLD_SECURITY_VERSION: return "security version too low";
    case IMAGE_BAD_BODY_CRC: return "body CRC wrong";
  }
  return "unknown fault";
}

// The ROM looks more closely: at its own part of the SRAM, and at the fuses.
image_fault check(const image_header& header, const char* body, std::uint64_t bytes) {
  const Region &sram = region("SRAM"), &dram = region("DRAM");
  const std::array<image_range, 2> targets{{{sram.base, sram.size}, {dram.base, dram.size}}};
  const image_limits limits{std::min(bytes, region("FLASH").size), 0, targets.data(), targets.size()};
  const image_fault fault = image_check_header(&header, &limits);
  return fault == IMAGE_GOOD ? image_check_body(&header, body) : fault;
}

struct PackOptions {
  std::string load, entry, version, security_version = "0", name = "firmware", input, output;
};

void pack(const PackOptions& options) {
  const std::vector<char> body = read_file(options.input);
  image_header header{};
  header.magic = IMAGE_MAGIC;
  header.format = IMAGE_FORMAT;
  header.size = sizeof header;
  header.version = version(options.version);
  header.security_version = static_cast<std::uint32_t>(number(options.security_version, 0xffffffff));
  header.load_address = address(options.load);
  header.entry = address(options.entry);
  if (body.size() > region("FLASH").size) throw std::runtime_error(options.input + ": longer than the flash");
  header.body_size = static_cast<std::uint32_t>(body.size());
  header.body_crc = crc32_ieee(0, body.data(), body.size());
  if (options.name.size() > sizeof header.name) throw std::invalid_argument("the name is longer than 20 characters");
  options.name.copy(header.name, sizeof header.name);
  header.header_crc = crc32_ieee(0, &header, offsetof(image_header, header_crc));
  const image_fault fault = check(header, body.data(), sizeof header + body.size());
  if (fault != IMAGE_GOOD) throw std::invalid_argument(describe(fault));

  std::ofstream file(options.output, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&header), sizeof header);
  file.write(body.data(), static_cast<std::streamsize>(body.size()));
  file.close();
  if (!file) throw std::runtime_error(options.output + ": cannot be written");
}

void info(const std::string& path) {
  const std::vector<char> bytes = read_file(path);
  image_header header{};
  if (bytes.size() < sizeof header) throw std::runtime_error(path + ": truncated: shorter than a header");
  std::memcpy(&header, bytes.data(), sizeof header);
  const image_fault fault = check(header, bytes.data() + sizeof header, bytes.size());
  if (fault != IMAGE_GOOD) throw std::runtime_error(path + ": " + describe(fault));
  fmt::print("name              {}\n", std::string(header.name, strnlen(header.name, sizeof header.name)));
  fmt::print("version           {}.{}.{}\n", header.version >> 24, header.version >> 16 & 0xff,
             header.version & 0xffff);
  fmt::print("security version  {}\n", header.security_version);
  fmt::print("load address      {:#x}\n", header.load_address);
  fmt::print("entry             {:#x}\n", header.entry);
  fmt::print("body              {} bytes, CRC {:#010x}\n", header.body_size, header.body_crc);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Packs firmware images for cardvp's boot ROM, and shows them."};
  app.require_subcommand(1);

  PackOptions options;
  CLI::App* pack_command = app.add_subcommand("pack", "Makes an image out of a raw binary.");
  pack_command->add_option("--load", options.load, "Where it runs: an address, or a region's name (SRAM)")->required();
  pack_command->add_option("--entry", options.entry, "Where it is entered: likewise")->required();
  pack_command->add_option("--version", options.version, "MAJOR[.MINOR[.PATCH]]")->required();
  pack_command->add_option("--security-version", options.security_version, "Must not be below the card's fuses");
  pack_command->add_option("--name", options.name, "Up to 20 characters, for the boot log");
  pack_command->add_option("IN", options.input, "Raw binary")->required();
  pack_command->add_option("OUT", options.output, "Image")->required();

  std::string path;
  CLI::App* info_command = app.add_subcommand("info", "Checks an image and shows its header.");
  info_command->add_option("FILE", path, "Image")->required();

  CLI11_PARSE(app, argc, argv);
  try {
    if (*pack_command) pack(options);
    if (*info_command) info(path);
  } catch (const std::exception& error) {
    fmt::print(stderr, "cardvp-image: {}\n", error.what());
    return 1;
  }
}
