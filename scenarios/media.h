// The media of a card's volumes, made for one run.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "models/storage/medium.h"
#include "platform/config.h"

namespace cardvp::scenarios {

struct Media {
  std::vector<std::unique_ptr<storage::Medium>> media;  // one for each volume
  std::vector<std::filesystem::path> files;             // where its bytes are; empty for a medium in memory
};

// Images that are made for the run go into `work_folder`, files whose path begins with platform::kOutput into
// `output_folder`, where what an earlier run left of them is removed. Throws platform::ConfigError for a file or folder
// that is not as the configuration says, std::runtime_error for an image that could not be made.
Media make_media(const platform::CardConfig& card, const std::filesystem::path& work_folder,
                 const std::filesystem::path& output_folder);

}  // namespace cardvp::scenarios
