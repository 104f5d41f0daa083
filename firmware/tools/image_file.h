// Images (firmware/sdk/include/image.h) as files: made, signed, checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firmware/sdk/include/image.h"
#include "firmware/tools/signing_key.h"

namespace cardvp::tools {

struct Image {
  image_header header{};
  std::vector<std::uint8_t> body;
};

std::vector<std::uint8_t> read_file(const std::string& path);

// A header and what it says of the body behind it; what follows, the rest of a flash, is left out. Throws
// std::runtime_error for what is no good image, or one whose signature is wrong; `path` is for the message.
Image read_image(const std::string& path);

// Throws std::invalid_argument, with image_fault_text(), for what no ROM would take.
void complete(Image& image);  // fills in what follows from the body
void sign(Image& image, const SigningKey& key);
void write_image(const Image& image, const std::string& path);

Point public_key_of(const image_header& header);

}  // namespace cardvp::tools
